@warning_ignore_start("integer_division")
class_name RLOnnxReader
extends RefCounted
## Reads an `.onnx` file (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Lengths are checked, nothing is run.

## A longer file is refused. The policies of games have some hundred kilobytes.
const MAX_BYTES := 256 << 20
const OLDEST_OPSET := 9
## Elements by ONNX's numbers.
const FLOAT := 1
const BOOL := 9
const DOUBLE := 11

const _MAX_NODES := 20_000
# Of branches inside of branches.
const _MAX_DEPTH := 4
# Numbers of the fields in onnx.proto.
const _MODEL_GRAPH := 7
const _MODEL_OPSET := 8
const _GRAPH_NODE := 1
const _GRAPH_CONSTANT := 5
const _GRAPH_INPUT := 11
const _GRAPH_OUTPUT := 12
const _GRAPH_SPARSE := 15

var problems: Array[String] = []

var _depth := 0
var _node_count := 0


## The graph in a file's bytes, or null; then `problems` says why.
func read(bytes: PackedByteArray) -> RLOnnxGraph:
	problems.clear()
	if bytes.size() > MAX_BYTES:
		problems.append("it has %d bytes; up to %d are read" % [bytes.size(), MAX_BYTES])
		return null
	var graph: RLOnnxGraph
	var opset := 0
	var model := RLProtobuf.new(bytes, 0, bytes.size(), problems)
	while model.next():
		match model.field:
			_MODEL_GRAPH:
				graph = _graph(model.inside())
			_MODEL_OPSET:
				opset = maxi(opset, _opset(model.inside()))
	if problems.is_empty() and graph == null:
		problems.append("it has no graph, so it is no ONNX model")
	elif problems.is_empty() and graph.outputs.is_empty():
		problems.append("it has no outputs")
	elif problems.is_empty() and opset < OLDEST_OPSET:
		problems.append("it has opset %d; files of opset %d and later are read" % [opset, OLDEST_OPSET])
	if not problems.is_empty():
		return null
	_note_opset(graph, opset)
	return graph


func _note_opset(graph: RLOnnxGraph, opset: int) -> void:
	graph.opset = opset
	for node: RLOnnxNode in graph.nodes:
		node.opset = opset
		for value: Variant in node.attributes.values():
			if value is RLOnnxGraph:
				_note_opset(value as RLOnnxGraph, opset)


# The version of the standard operators; 0 for other domains.
func _opset(message: RLProtobuf) -> int:
	var domain := ""
	var version := 0
	while message.next():
		match message.field:
			1:
				domain = message.text()
			2:
				version = message.value
	return version if domain in ["", "ai.onnx"] else 0


func _graph(message: RLProtobuf) -> RLOnnxGraph:
	var graph := RLOnnxGraph.new()
	_depth += 1
	if _depth > _MAX_DEPTH:
		problems.append("branches inside of branches are nested more than %d deep" % _MAX_DEPTH)
	while message.next():
		match message.field:
			_GRAPH_NODE:
				_node_count += 1
				if _node_count > _MAX_NODES:
					problems.append("it has more than %d operations" % _MAX_NODES)
				graph.nodes.append(_node(message.inside()))
			_GRAPH_CONSTANT:
				var name: Array[String] = [""]
				var tensor := _tensor(message.inside(), name)
				graph.constants[name[0]] = tensor
			_GRAPH_INPUT:
				_input(message.inside(), graph)
			_GRAPH_OUTPUT:
				_output(message.inside(), graph)
			_GRAPH_SPARSE:
				problems.append("sparse constants are not supported")
	for name: String in graph.constants:  # old files name their constants among the inputs, too
		graph.inputs.erase(name)
	_depth -= 1
	return graph


func _node(message: RLProtobuf) -> RLOnnxNode:
	var node := RLOnnxNode.new()
	while message.next():
		match message.field:
			1:
				node.inputs.append(message.text())
			2:
				node.outputs.append(message.text())
			3:
				node.label = message.text()
			4:
				node.operator = message.text()
			5:
				_attribute(message.inside(), node.attributes)
			7:
				node.domain = message.text()
	return node


func _attribute(message: RLProtobuf, into: Dictionary[String, Variant]) -> void:
	var name := ""
	# Protobuf leaves zeros out. So the type says which value is meant.
	var type := 0
	var values: Array[Variant] = [null, 0.0, 0, "", null, null, PackedFloat32Array(), PackedInt64Array()]
	while message.next():
		match message.field:
			1:
				name = message.text()
			2:
				values[1] = message.float_value()
			3:
				values[2] = message.value
			4:
				values[3] = message.text()
			5:
				values[4] = _tensor(message.inside())
			6:
				values[5] = _graph(message.inside())
			7:
				var floats: PackedFloat32Array = values[6]
				message.add_floats(floats)
				values[6] = floats
			8:
				var ints: PackedInt64Array = values[7]
				message.add_ints(ints)
				values[7] = ints
			20:
				type = message.value
	if type >= 1 and type < values.size():
		into[name] = values[type]


func _tensor(message: RLProtobuf, name: Array[String] = [""]) -> RLTensor:
	var shape := PackedInt64Array()
	var type := 0
	var floats := PackedFloat32Array()
	var ints := PackedInt64Array()
	while message.next():
		match message.field:
			1:
				message.add_ints(shape)
			2:
				type = message.value
			4:
				message.add_floats(floats)
			5, 7, 11:
				message.add_ints(ints)
			8:
				name[0] = message.text()
			9:
				_decode(message.bytes(), type, floats, ints)
			10:
				message.add_doubles(floats)
			13, 14:
				if message.field == 13 or message.value != 0:
					problems.append("the constant '%s' lies in another file, which is not read" % name[0])
	return _make_tensor(name[0], shape, type, floats, ints)


func _make_tensor(
	name: String, sizes: PackedInt64Array, type: int, floats: PackedFloat32Array, ints: PackedInt64Array
) -> RLTensor:
	var shape := PackedInt32Array()
	for size: int in sizes:
		shape.append(clampi(size, -1, RLTensor.MAX_ELEMENTS + 1))
	var count := RLTensor.count_of(shape)
	var is_float := type in [FLOAT, 10, DOUBLE]
	if type == 10 and floats.is_empty() and not ints.is_empty():
		problems.append("the constant '%s' holds half floats in a form that is not supported" % name)
	elif not is_float and type not in [2, 3, 4, 5, 6, 7, 12, 13, BOOL]:
		problems.append("the constant '%s' has the element type %d, which is not supported" % [name, type])
	elif count != (floats.size() if is_float else ints.size()):
		var found := floats.size() if is_float else ints.size()
		problems.append("the constant '%s' has shape %s and %d elements" % [name, shape, found])
	if is_float:
		return RLTensor.of_floats(shape, floats)
	return RLTensor.of_ints(shape, ints, RLTensor.Kind.BOOL if type == BOOL else RLTensor.Kind.INT)


# `raw_data`: little-endian elements, one after the other.
func _decode(raw: PackedByteArray, type: int, floats: PackedFloat32Array, ints: PackedInt64Array) -> void:
	var sizes: Dictionary[int, int] = {FLOAT: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, BOOL: 1, 10: 2, DOUBLE: 8}
	var size: int = sizes.get(type, 0)
	if size == 0 or raw.size() % size != 0:
		problems.append("a constant of element type %d has %d bytes" % [type, raw.size()])
		return
	match type:
		FLOAT:
			floats.append_array(raw.to_float32_array())
		DOUBLE:
			floats.append_array(PackedFloat32Array(Array(raw.to_float64_array())))
		7:
			ints.append_array(raw.to_int64_array())
		_:
			for at: int in range(0, raw.size(), size):
				match type:
					10:
						floats.append(raw.decode_half(at))
					2, BOOL:
						ints.append(raw.decode_u8(at))
					3:
						ints.append(raw.decode_s8(at))
					4:
						ints.append(raw.decode_u16(at))
					5:
						ints.append(raw.decode_s16(at))
					6:
						ints.append(raw.decode_s32(at))


func _input(message: RLProtobuf, graph: RLOnnxGraph) -> void:
	var shape := PackedInt32Array()
	var name_and_type: Array = ["", 0]
	_value_info(message, name_and_type, shape)
	graph.inputs[name_and_type[0]] = shape
	graph.input_types[name_and_type[0]] = name_and_type[1]


func _output(message: RLProtobuf, graph: RLOnnxGraph) -> void:
	var shape := PackedInt32Array()
	var name_and_type: Array = ["", 0]
	_value_info(message, name_and_type, shape)
	graph.outputs.append(name_and_type[0] as String)
	graph.output_shapes[name_and_type[0]] = shape


# ValueInfoProto: name, then TypeProto, in it TypeProto.Tensor, in it TensorShapeProto.
func _value_info(message: RLProtobuf, name_and_type: Array, shape: PackedInt32Array) -> void:
	while message.next():
		if message.field == 1:
			name_and_type[0] = message.text()
		elif message.field == 2:
			var type := message.inside()
			while type.next():
				if type.field == 1:
					_tensor_type(type.inside(), name_and_type, shape)
				else:
					problems.append("'%s' is no tensor" % [name_and_type[0]])


func _tensor_type(message: RLProtobuf, name_and_type: Array, shape: PackedInt32Array) -> void:
	while message.next():
		if message.field == 1:
			name_and_type[1] = message.value
		elif message.field == 2:
			var sizes := message.inside()
			while sizes.next():
				var size := -1
				var dimension := sizes.inside()
				while dimension.next():
					if dimension.field == 1 and dimension.wire == RLProtobuf.VARINT:
						size = dimension.value
				shape.append(size)
