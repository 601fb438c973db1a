// RUN: lpc-opt %s --split-input-file --verify-diagnostics

// node_c1: a node has an operator
func.func @empty_operator() {
  // expected-error @+1 {{'onnx.node' op expected a non-empty operator name}}
  onnx.node ""() opset 18 : () -> ()
  return
}

// -----

// node_c2: the default domain has one spelling
func.func @default_domain_spelled_out() {
  // expected-error @+1 {{'onnx.node' op expected the default domain to be the empty string, but got "ai.onnx"}}
  onnx.node "Relu"() domain "ai.onnx" opset 18 : () -> ()
  return
}

// -----

// node_c3: versions count from 1
func.func @opset_zero() {
  // expected-error @+1 {{'onnx.node' op expected the opset version to be at least 1, but got 0}}
  onnx.node "Relu"() opset 0 : () -> ()
  return
}

// -----

// node_c4: each graph has a name
func.func @nameless_graph() {
  // expected-error @+1 {{'onnx.node' op expected one region name for each graph, but got 0 names for 1 graphs}}
  "onnx.node"() <{op_type = "If", opset = 18 : i64}> ({
    onnx.yield
  }) : () -> ()
  return
}

// -----

// node_c5: no attribute that ONNX cannot express
func.func @foreign_attribute() {
  // expected-error @+1 {{'onnx.node' op expected node attribute 'a' to be an i64, an f32, a string, a tensor, a type or an array of one of these, but got 1 : i32}}
  onnx.node "Relu"() {a = 1 : i32} opset 18 : () -> ()
  return
}

// -----

// node_c5: lists are of one kind
func.func @mixed_list() {
  // expected-error @+1 {{'onnx.node' op expected node attribute 'a' to be an i64, an f32, a string, a tensor, a type or an array of one of these, but got [1, "x"]}}
  onnx.node "Relu"() {a = [1, "x"]} opset 18 : () -> ()
  return
}

// -----

// node_c6: one name, one thing
func.func @attribute_and_graph_of_one_name() {
  // expected-error @+1 {{'onnx.node' op expected 'body' to be either an attribute or a graph}}
  onnx.node "Loop"() {body = 1} opset 18 graph body {
    onnx.yield
  } : () -> ()
  return
}

// -----

// node_c7: subgraphs state their outputs
func.func @graph_without_yield() {
  // expected-error @+1 {{'onnx.node' op expected graph 'body' to end with 'onnx.yield'}}
  onnx.node "Loop"() opset 18 graph body {
    %n = onnx.none
  } : () -> ()
  return
}

// -----

func.func @yield_outside_of_a_node() {
  // expected-error @+1 {{'onnx.yield' op expects parent op 'onnx.node'}}
  onnx.yield
}

// -----

func.func @constant_type_differs() {
  // expected-error @+1 {{'onnx.constant' op failed to verify that all of {value, output} have same type}}
  %0 = "onnx.constant"() <{value = dense<1> : tensor<2xi8>}> : () -> tensor<3xi8>
  return
}
