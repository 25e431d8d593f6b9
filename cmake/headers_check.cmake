# headers_check: every header compiles on its own. One source file a header, which includes nothing else.

file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
    shared/*.hpp producer/*.hpp consumer/*.hpp ws-edge/*.hpp)
set(stubs)
foreach(header ${headers})
    string(MAKE_C_IDENTIFIER ${header} name)
    set(stub ${CMAKE_BINARY_DIR}/headers_check/${name}.cpp)
    file(CONFIGURE OUTPUT ${stub} CONTENT "#include \"${header}\"\n")
    list(APPEND stubs ${stub})
endforeach()
add_library(headers_check OBJECT EXCLUDE_FROM_ALL ${stubs})
roomcast_target(headers_check)
target_compile_options(headers_check PRIVATE -O0 -g0)  # objects, so that ccache knows them again
target_link_libraries(headers_check PRIVATE roomcast-ws-edge roomcast::rdkafka SQLite::SQLite3 CLI11::CLI11
                                            nlohmann_json::nlohmann_json spdlog::spdlog roomcast::jwt)
