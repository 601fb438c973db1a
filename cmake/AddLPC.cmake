# Build rules of lpc. Every library of ours is made by one of these functions, so that flags, include paths and the
# way LLVM is linked are stated once.

# Flags of all our code. LLVM's headers come in as system headers: their warnings are not ours.
add_library(LPCFlags INTERFACE)
target_include_directories(LPCFlags INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/include"
  "${CMAKE_BINARY_DIR}" "${CMAKE_BINARY_DIR}/include")
target_compile_options(LPCFlags INTERFACE -Wall -Wextra -Wno-unused-parameter -fno-strict-aliasing)
if(LPC_WERROR)
  target_compile_options(LPCFlags INTERFACE -Werror)
endif()
if(LPC_SANITIZE)
  # libMLIR is not instrumented: vptr checks would miss its type information.
  target_compile_options(LPCFlags INTERFACE -fsanitize=address,undefined -fno-sanitize=vptr
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(LPCFlags INTERFACE -fsanitize=address,undefined)
endif()

# Code that uses LLVM or MLIR: links the shared libraries, builds without exceptions.
add_library(LPCMLIRFlags INTERFACE)
target_include_directories(LPCMLIRFlags SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
target_compile_options(LPCMLIRFlags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
target_link_libraries(LPCMLIRFlags INTERFACE LPCFlags MLIR LLVM)

# add_lpc_library(name sources... [PURE] [DEPENDS targets...] [LINK_LIBS libs...])
# PURE: no LLVM, no MLIR (Numerics, the evaluator's core, runtime).
function(add_lpc_library name)
  cmake_parse_arguments(ARG "PURE" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  if(ARG_PURE)
    target_link_libraries(${name} PUBLIC LPCFlags ${ARG_LINK_LIBS})
  else()
    target_link_libraries(${name} PUBLIC LPCMLIRFlags ${ARG_LINK_LIBS})
    add_dependencies(${name} lpc-headers)
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# add_lpc_dialect(Foo foo): runs mlir-tblgen over <Foo>Ops.td of the current IR folder, which must include the
# dialect's types, attributes, enums and interfaces. Generates Foo{Dialect,Enums,Attributes,Types,Ops}.{h,cpp}.inc
# and the reference page docs/generated/Dialects/Foo.md below the build tree. INTERFACES: also type, attribute or op
# interfaces declared in <Foo>Interfaces.td.
function(add_lpc_dialect Dialect mnemonic)
  cmake_parse_arguments(ARG "INTERFACES;NO_TYPES;NO_ATTRS" "" "" ${ARGN})
  set(LLVM_TARGET_DEFINITIONS ${Dialect}Ops.td)
  set(tblgen_includes EXTRA_INCLUDES ${CMAKE_SOURCE_DIR} ${MLIR_INCLUDE_DIRS})
  mlir_tablegen(${Dialect}Dialect.h.inc -gen-dialect-decls -dialect=${mnemonic} ${tblgen_includes})
  mlir_tablegen(${Dialect}Dialect.cpp.inc -gen-dialect-defs -dialect=${mnemonic} ${tblgen_includes})
  mlir_tablegen(${Dialect}Enums.h.inc -gen-enum-decls ${tblgen_includes})
  mlir_tablegen(${Dialect}Enums.cpp.inc -gen-enum-defs ${tblgen_includes})
  mlir_tablegen(${Dialect}Attributes.h.inc -gen-attrdef-decls -attrdefs-dialect=${mnemonic} ${tblgen_includes})
  mlir_tablegen(${Dialect}Attributes.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${mnemonic} ${tblgen_includes})
  mlir_tablegen(${Dialect}Types.h.inc -gen-typedef-decls -typedefs-dialect=${mnemonic} ${tblgen_includes})
  mlir_tablegen(${Dialect}Types.cpp.inc -gen-typedef-defs -typedefs-dialect=${mnemonic} ${tblgen_includes})
  mlir_tablegen(${Dialect}Ops.h.inc -gen-op-decls ${tblgen_includes})
  mlir_tablegen(${Dialect}Ops.cpp.inc -gen-op-defs ${tblgen_includes})
  add_public_tablegen_target(LPC${Dialect}OpsIncGen)
  add_dependencies(lpc-headers LPC${Dialect}OpsIncGen)
  if(ARG_INTERFACES)
    set(LLVM_TARGET_DEFINITIONS ${Dialect}Interfaces.td)
    mlir_tablegen(${Dialect}OpInterfaces.h.inc -gen-op-interface-decls ${tblgen_includes})
    mlir_tablegen(${Dialect}OpInterfaces.cpp.inc -gen-op-interface-defs ${tblgen_includes})
    mlir_tablegen(${Dialect}TypeInterfaces.h.inc -gen-type-interface-decls ${tblgen_includes})
    mlir_tablegen(${Dialect}TypeInterfaces.cpp.inc -gen-type-interface-defs ${tblgen_includes})
    add_public_tablegen_target(LPC${Dialect}InterfacesIncGen)
    add_dependencies(lpc-headers LPC${Dialect}InterfacesIncGen)
  endif()
  add_lpc_doc(${Dialect}Ops Dialects/${Dialect} -gen-dialect-doc -dialect=${mnemonic})
endfunction()

# add_lpc_passes(Foo): declarations and documentation of the current folder's Passes.td.
function(add_lpc_passes Name)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name=${Name} EXTRA_INCLUDES ${CMAKE_SOURCE_DIR} ${MLIR_INCLUDE_DIRS})
  add_public_tablegen_target(LPC${Name}PassesIncGen)
  add_dependencies(lpc-headers LPC${Name}PassesIncGen)
  add_lpc_doc(Passes Passes/${Name} -gen-pass-doc)
endfunction()

# add_lpc_doc(tdFile outputStem args...): one generated page; target lpc-docs makes them all.
if(NOT TARGET lpc-docs)
  add_custom_target(lpc-docs)
endif()
function(add_lpc_doc td stem)
  set(out "${CMAKE_BINARY_DIR}/docs/generated/${stem}.md")
  string(REPLACE "/" "-" tgt "${stem}")
  get_filename_component(dir "${out}" DIRECTORY)
  file(MAKE_DIRECTORY "${dir}")
  add_custom_command(OUTPUT "${out}"
    COMMAND $<TARGET_FILE:mlir-tblgen> ${ARGN} -I ${CMAKE_SOURCE_DIR} -I ${CMAKE_CURRENT_SOURCE_DIR}
            -I ${MLIR_INCLUDE_DIRS} ${CMAKE_CURRENT_SOURCE_DIR}/${td}.td -o "${out}"
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${td}.td VERBATIM)
  add_custom_target(lpc-doc-${tgt} DEPENDS "${out}")
  add_dependencies(lpc-docs lpc-doc-${tgt})
endfunction()

# add_lpc_unittest(name sources... [PURE] [LINK_LIBS libs...]): a GoogleTest binary, run by ctest.
function(add_lpc_unittest name)
  cmake_parse_arguments(ARG "PURE" "" "LINK_LIBS" ${ARGN})
  find_package(GTest REQUIRED)
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  if(ARG_PURE)
    target_link_libraries(${name} PRIVATE LPCFlags ${ARG_LINK_LIBS} GTest::gtest GTest::gtest_main)
  else()
    target_link_libraries(${name} PRIVATE LPCMLIRFlags ${ARG_LINK_LIBS} GTest::gtest GTest::gtest_main)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/unit")
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_property(GLOBAL APPEND PROPERTY LPC_UNITTESTS ${name})
endfunction()
