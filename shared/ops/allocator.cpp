/// How jemalloc hands back what is free: by threads of its own, a second after it was last used, so that a
/// server whose clients have gone is small again. It reads this name when the program starts; MALLOC_CONF
/// overrides it.
extern "C" {
extern const char* malloc_conf;  // jemalloc's own name
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
}
