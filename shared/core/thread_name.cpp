#include "shared/core/thread_name.hpp"

#include <pthread.h>
#include <string>

namespace roomcast {

void name_this_thread(std::string_view name) {
    // It fails for a longer name only, and a thread works as well without one.
    static_cast<void>(
        ::pthread_setname_np(::pthread_self(), std::string(name.substr(0, thread_name_bytes)).c_str()));
}

}  // namespace roomcast
