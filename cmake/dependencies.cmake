# Finds every library that Roomcast uses. All come from Debian's packages, installed by scripts/deps; nothing is fetched here.
#
# Targets to link against:
#   Boost::headers  OpenSSL::SSL  OpenSSL::Crypto  SQLite::SQLite3  Threads::Threads  ZLIB::ZLIB
#   nlohmann_json::nlohmann_json  spdlog::spdlog  CLI11::CLI11  prometheus-cpp::pull  doctest::doctest
#   roomcast::rdkafka   librdkafka 2.6.1 or newer
#   roomcast::crypt     crypt(3), for bcrypt
#   roomcast::jwt       libjwt
#   roomcast::utf8proc  Unicode's normal forms and case folding
#   roomcast::uring     liburing
#   roomcast::jemalloc  jemalloc in place of the C library's malloc, for the servers; nothing with -DROOMCAST_JEMALLOC=OFF

include_guard(GLOBAL)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED)
find_package(nlohmann_json 3.11 CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(doctest CONFIG REQUIRED)

find_path(CRYPT_INCLUDE_DIR crypt.h REQUIRED)
find_library(CRYPT_LIBRARY crypt REQUIRED)
add_library(roomcast::crypt INTERFACE IMPORTED)
set_target_properties(roomcast::crypt PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${CRYPT_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES ${CRYPT_LIBRARY})

find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBJWT REQUIRED IMPORTED_TARGET libjwt)
add_library(roomcast::jwt ALIAS PkgConfig::LIBJWT)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
add_library(roomcast::utf8proc ALIAS PkgConfig::UTF8PROC)
pkg_check_modules(URING REQUIRED IMPORTED_TARGET liburing)
add_library(roomcast::uring ALIAS PkgConfig::URING)

# Off where a sanitizer brings its own.
option(ROOMCAST_JEMALLOC "the servers take their memory from jemalloc" ON)
add_library(roomcast-jemalloc INTERFACE)
add_library(roomcast::jemalloc ALIAS roomcast-jemalloc)
if(ROOMCAST_JEMALLOC)
    pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
    target_link_libraries(roomcast-jemalloc INTERFACE PkgConfig::JEMALLOC)
    target_sources(roomcast-jemalloc INTERFACE ${PROJECT_SOURCE_DIR}/shared/ops/allocator.cpp)
endif()

# scripts/deps builds librdkafka, with faults mended that Debian 13's package has (a broker that stops can take a worker with
# it) and with rooms that share produce requests (docs/decisions/0029), into a prefix of its own, as a static library, so that
# programs need nothing to find it when they run. For pkg-config it is rdkafka-static with
# PKG_CONFIG_PATH=/opt/roomcast/lib/pkgconfig. Where it is not there, the system's is taken.
if(DEFINED ENV{ROOMCAST_PREFIX})
    set(default_prefix $ENV{ROOMCAST_PREFIX})
else()
    set(default_prefix /opt/roomcast)
endif()
set(ROOMCAST_PREFIX ${default_prefix} CACHE PATH "Where scripts/deps puts what Debian does not package")

set(rdkafka_min 2.6.1)
if(EXISTS ${ROOMCAST_PREFIX}/lib/pkgconfig/rdkafka-static.pc)
    set(ENV{PKG_CONFIG_PATH} ${ROOMCAST_PREFIX}/lib/pkgconfig:$ENV{PKG_CONFIG_PATH})
    pkg_check_modules(RDKAFKA rdkafka-static>=${rdkafka_min})
else()
    pkg_check_modules(RDKAFKA rdkafka>=${rdkafka_min})
endif()
if(NOT RDKAFKA_FOUND)
    message(FATAL_ERROR "no librdkafka ${rdkafka_min} or newer, neither in ${ROOMCAST_PREFIX} nor from Debian: "
                        "run scripts/deps build")
endif()
add_library(roomcast::rdkafka INTERFACE IMPORTED)
# The linker flags as they are: the static library is named by its path, which CMake's own imported target would lose.
set_target_properties(roomcast::rdkafka PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${RDKAFKA_INCLUDE_DIRS}"
    INTERFACE_COMPILE_OPTIONS "${RDKAFKA_CFLAGS_OTHER}"
    INTERFACE_LINK_LIBRARIES "${RDKAFKA_LDFLAGS}")
