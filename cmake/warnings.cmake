# roomcast_target(NAME) gives a library or program what all of ours share: C++20, includes from the project's root
# (`#include "shared/core/result.hpp"`), and the warnings. Libraries' headers are system headers, so they do not warn.

include_guard(GLOBAL)

if(DEFINED ENV{CI})
    set(werror_default ON)
else()
    set(werror_default OFF)
endif()
option(ROOMCAST_WERROR "Warnings are errors" ${werror_default})

function(roomcast_target name)
    get_target_property(type ${name} TYPE)
    if(type STREQUAL INTERFACE_LIBRARY)
        target_compile_features(${name} INTERFACE cxx_std_20)
        target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
        return()
    endif()

    target_compile_features(${name} PUBLIC cxx_std_20)
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF CXX_SCAN_FOR_MODULES OFF)
    target_compile_options(${name} PRIVATE
        -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
        $<$<BOOL:${ROOMCAST_WERROR}>:-Werror>)
    # Its warning about overlapping copies in `"literal" + string` is wrong (GCC bug 105651).
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
        target_compile_options(${name} PRIVATE -Wno-restrict)
    endif()
endfunction()
