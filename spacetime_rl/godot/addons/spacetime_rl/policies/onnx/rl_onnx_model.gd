@warning_ignore_start("integer_division")
class_name RLOnnxModel
extends RefCounted
## Computes what an `.onnx` file describes, in plain GDScript: in every build of a game, without .NET or Python.
##
## [codeblock]
## var model := RLOnnxModel.load_from("res://policies/walker.onnx")
## if not model.problem.is_empty():
##     push_error(model.problem)
## var found := model.run({"obs": observations}, agents)
## [/codeblock]

# Made when the first model is.
static var _operators: Dictionary[String, Callable] = {}

## What is wrong with the file, or with the last run, in one sentence; empty if nothing is.
var problem := ""
## By name the shapes of the inputs; a size that the file leaves open is -1.
var inputs: Dictionary[String, PackedInt32Array] = {}
## By name the shapes of the outputs; a size that the file leaves open is -1.
var outputs: Dictionary[String, PackedInt32Array] = {}

var _graph: RLOnnxGraph
# What every run begins with: the constants at their slots, null elsewhere.
var _begin: Array[RLTensor] = []
var _slots: Dictionary[String, int] = {}
var _plan: Array[RLOnnxNode] = []
# What of the plan follows from the shapes of the inputs alone, and the rest.
var _settled: Array[RLOnnxNode] = []
var _unsettled: Array[RLOnnxNode] = []
# The shapes of the last run's inputs; and as `_begin`, with what follows from these shapes.
var _known_shapes: Array[PackedInt32Array] = []
var _known: Array[RLTensor] = []


## The model in a file. Its `problem` says what is wrong with it.
static func load_from(path: String) -> RLOnnxModel:
	var bytes := RLPolicy.bytes_of(path)
	if bytes.is_empty():
		var failed := RLOnnxModel.new()
		failed.problem = "%s: %s" % [path, RLPolicy.why_not_read(path)]
		return failed
	var model := of_bytes(bytes)
	if not model.problem.is_empty():
		model.problem = "%s: %s" % [path, model.problem]
	return model


## The model in the bytes of a file.
static func of_bytes(bytes: PackedByteArray) -> RLOnnxModel:
	var model := RLOnnxModel.new()
	var reader := RLOnnxReader.new()
	model._graph = reader.read(bytes)
	if model._graph == null:
		model.problem = reader.problems[0]
		return model
	model._lay_out()
	return model


## The names of the operators that can be computed.
static func known_operators() -> PackedStringArray:
	return PackedStringArray(_all_operators().keys() + ["If"])


## Compute only these outputs from now on, which leaves out what they do not depend on. Names that the file does not
## have are left out, too.
func keep_outputs(names: PackedStringArray) -> void:
	var needed: Dictionary[int, bool] = {}
	for name: String in names:
		if outputs.has(name):
			needed[_slots[name]] = true
	var plan: Array[RLOnnxNode] = []
	for i: int in range(_graph.nodes.size() - 1, -1, -1):
		var node := _graph.nodes[i]
		var is_needed := false
		for slot: int in node.output_slots:
			is_needed = is_needed or needed.has(slot)
		if is_needed:
			for slot: int in _read_by(node):
				needed[slot] = true
			plan.append(node)
	plan.reverse()
	_follow(plan)
	for name: String in outputs.keys():
		if name not in names:
			outputs.erase(name)


## The outputs for these inputs, by name; empty if something is wrong, which `problem` then says.
##
## An input is one vector with the elements of all rows, one after the other. Sizes that the file leaves open are
## `rows` for the first axis, otherwise what is left of the elements.
func run(given: Dictionary[String, PackedFloat32Array], rows: int = 1) -> Dictionary[String, PackedFloat32Array]:
	var elements: Dictionary[String, PackedFloat32Array] = {}
	var tensors: Dictionary[String, RLTensor] = {}
	if _graph == null:
		return elements
	problem = ""
	for name: String in inputs:
		if given.has(name):
			tensors[name] = _tensor_of(name, given[name], rows)
		else:
			problem = "there is no input '%s'; the model has %s" % [name, ", ".join(inputs.keys())]
	if problem.is_empty():
		var found := run_tensors(tensors)
		for name: String in found:
			elements[name] = found[name].as_floats()
	return elements


## As `run`, with tensors.
func run_tensors(given: Dictionary[String, RLTensor]) -> Dictionary[String, RLTensor]:
	var found: Dictionary[String, RLTensor] = {}
	if _graph == null:
		return found
	problem = ""
	var shapes: Array[PackedInt32Array] = []
	for name: String in inputs:
		shapes.append(given[name].shape if given.has(name) else PackedInt32Array())
	# A constant that is given anew may change what is known.
	var is_usual := given.size() == inputs.size() and given.has_all(inputs.keys())
	var is_known := is_usual and not _known.is_empty() and shapes == _known_shapes
	var values := _known.duplicate() if is_known else _begin.duplicate()
	for name: String in given:
		if _slots.has(name):
			values[_slots[name]] = given[name]
	if _execute(_unsettled if is_known else _plan, values):
		if is_usual and not is_known:
			_remember(values, shapes)
		for name: String in outputs:
			found[name] = values[_slots[name]]
			if found[name] == null:
				problem = "nothing has made the output '%s'" % name
	if not problem.is_empty():
		found.clear()
	return found


static func _all_operators() -> Dictionary[String, Callable]:
	if _operators.is_empty():
		for part: Dictionary[String, Callable] in [
			RLOnnxPointwise.operators(),
			RLOnnxShaping.operators(),
			RLOnnxReductions.operators(),
			RLOnnxLayers.operators(),
			RLOnnxRecurrent.operators(),
		]:
			_operators.merge(part)
	return _operators


# An input with the shape and the kind that the model expects; null if it does not fit.
func _tensor_of(name: String, elements: PackedFloat32Array, rows: int) -> RLTensor:
	var shape := inputs[name].duplicate()
	var known := 1
	var open := -1
	for axis: int in shape.size():
		if axis == 0 and shape[axis] < 0:
			shape[axis] = rows
		if shape[axis] < 0:
			open = axis
		else:
			known *= shape[axis]
	if open >= 0 and known > 0:
		shape[open] = elements.size() / known
	if RLTensor.count_of(shape) != elements.size():
		var sizes := [name, elements.size(), rows, inputs[name]]
		problem = "the input '%s' has %d elements for %d rows; its shape is %s" % sizes
		return null
	var tensor := RLTensor.of_floats(shape, elements)
	if _graph.input_types[name] in [RLOnnxReader.FLOAT, RLOnnxReader.DOUBLE]:
		return tensor
	var is_bool := _graph.input_types[name] == RLOnnxReader.BOOL
	return RLTensor.of_ints(shape, tensor.as_ints(), RLTensor.Kind.BOOL if is_bool else RLTensor.Kind.INT)


# Give every value a slot, and check that everything can be computed.
func _lay_out() -> void:
	inputs = _graph.inputs
	outputs = _graph.output_shapes
	for name: String in inputs:
		_slot(name)
	var missing: Dictionary[String, bool] = {}
	_place(_graph, missing)
	if not missing.is_empty():
		problem = "it needs operators that are not supported: %s" % ", ".join(missing.keys())
		_graph = null
		return
	for name: String in outputs:
		_slot(name)
	_follow(_graph.nodes)


# Take this plan, and part what has to be computed once for the same shapes from what has to be in every run.
func _follow(plan: Array[RLOnnxNode]) -> void:
	_plan = plan
	_settled = []
	_unsettled = []
	_known = []
	var settled: Dictionary[int, bool] = {-1: true}
	for name: String in _graph.constants:
		settled[_slots[name]] = not inputs.has(name)
	for node: RLOnnxNode in plan:
		var is_size := node.operator in ["Shape", "Size"] and node.inputs.size() == 1
		var is_settled := is_size and inputs.has(node.inputs[0])
		if not is_settled and node.operator != "If":
			is_settled = true
			for slot: int in node.input_slots:
				is_settled = is_settled and settled.get(slot, false)
		for slot: int in node.output_slots if is_settled else PackedInt32Array():
			settled[slot] = true
		(_settled if is_settled else _unsettled).append(node)


func _remember(values: Array[RLTensor], shapes: Array[PackedInt32Array]) -> void:
	_known_shapes = shapes
	_known = _begin.duplicate()
	for node: RLOnnxNode in _settled:
		for slot: int in node.output_slots:
			if slot >= 0:
				_known[slot] = values[slot]


func _place(graph: RLOnnxGraph, missing: Dictionary[String, bool]) -> void:
	for name: String in graph.constants:
		_begin[_slot(name)] = graph.constants[name]
	for node: RLOnnxNode in graph.nodes:
		var is_standard := node.domain in ["", "ai.onnx"]
		if not is_standard or (node.operator != "If" and not _all_operators().has(node.operator)):
			missing[node.operator if is_standard else "%s.%s" % [node.domain, node.operator]] = true
		node.compute = _all_operators().get(node.operator, Callable())
		for name: String in node.inputs:
			node.input_slots.append(_slot(name) if not name.is_empty() else -1)
		for value: Variant in node.attributes.values():
			if value is RLOnnxGraph:
				_place(value as RLOnnxGraph, missing)
		for name: String in node.outputs:
			node.output_slots.append(_slot(name) if not name.is_empty() else -1)


func _slot(name: String) -> int:
	if not _slots.has(name):
		_slots[name] = _begin.size()
		_begin.append(null)
	return _slots[name]


# What a node reads, in its branches, too.
func _read_by(node: RLOnnxNode) -> PackedInt32Array:
	var slots := node.input_slots.duplicate()
	for value: Variant in node.attributes.values():
		if value is RLOnnxGraph:
			var branch: RLOnnxGraph = value
			for inner: RLOnnxNode in branch.nodes:
				slots.append_array(_read_by(inner))
			for name: String in branch.outputs:
				slots.append(_slot(name))
	return slots


func _execute(nodes: Array[RLOnnxNode], values: Array[RLTensor]) -> bool:
	for node: RLOnnxNode in nodes:
		var read: Array[RLTensor] = []
		for slot: int in node.input_slots:
			var value := values[slot] if slot >= 0 else null
			if value == null and slot >= 0:
				problem = "%s reads '%s', which nothing has made" % [node.title(), _slots.find_key(slot)]
				return false
			read.append(value)
		var found: Array[RLTensor]
		if node.operator == "If":
			found = _choose(node, read, values)
		else:
			found = node.compute.call(node, read)
		if found.is_empty():
			problem = problem if not problem.is_empty() else "%s: %s" % [node.title(), node.problem]
			return false
		var count := found.size()
		var i := 0
		for slot: int in node.output_slots:
			if slot >= 0 and i < count:
				values[slot] = found[i]
			i += 1
	return true


# The outputs of the branch that a condition chooses. Branches may read everything that was made before.
func _choose(node: RLOnnxNode, read: Array[RLTensor], values: Array[RLTensor]) -> Array[RLTensor]:
	var is_true := not read.is_empty() and read[0].count() > 0 and read[0].as_floats()[0] != 0.0
	var branch: RLOnnxGraph = node.attribute("then_branch" if is_true else "else_branch")
	if branch == null:
		return node.fail("it has no branch for %s" % is_true)
	var found: Array[RLTensor] = []
	if _execute(branch.nodes, values):
		for name: String in branch.outputs:
			found.append(values[_slots[name]])
	return found
