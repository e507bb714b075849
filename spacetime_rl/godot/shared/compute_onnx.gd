extends SceneTree
## Computes the models of a folder, for `spacetime-rl doctor` and for tests: both compare with another runtime.
##
## `godot --headless --path . --script res://shared/compute_onnx.gd -- FOLDER RUNTIME`. The second word says what
## computes, as in `ComputeBy`. The folder has `cases.json`, a list of `{"model": file, "inputs": {name: tensor}}`, and
## gets `results.json`: the names of all operators, and for each case `{"problem": text, "outputs": {name: tensor}}`. A
## tensor is `{"kind", "shape", "data"}`; `data` are little-endian float32 or int64 in base64.


func _initialize() -> void:
	var folder: String = OS.get_cmdline_user_args()[0]
	if not ComputeBy.chosen(OS.get_cmdline_user_args()[1]):
		quit(1)
		return
	var cases: Array = JSON.parse_string(FileAccess.get_file_as_string(folder.path_join("cases.json")))
	var results: Array[Dictionary] = []
	var models: Dictionary[String, RLOnnxModel] = {}
	for case: Dictionary in cases:
		var file: String = case["model"]
		if not models.has(file):
			models[file] = RLOnnxModel.load_from(file if file.is_absolute_path() else folder.path_join(file))
		results.append(_compute(models[file], case["inputs"] as Dictionary))
	var out := FileAccess.open(folder.path_join("results.json"), FileAccess.WRITE)
	out.store_string(JSON.stringify({"operators": RLOnnxModel.known_operators(), "results": results}))
	out.close()
	quit()


func _compute(model: RLOnnxModel, given: Dictionary) -> Dictionary:
	if not model.problem.is_empty() and model.inputs.is_empty():
		return {"problem": model.problem, "outputs": {}}
	var inputs: Dictionary[String, RLTensor] = {}
	for name: String in given:
		inputs[name] = _read(given[name] as Dictionary)
	var outputs := {}
	var found := model.run_tensors(inputs)
	for name: String in found:
		outputs[name] = _write(found[name])
	return {"problem": model.problem, "outputs": outputs}


func _read(tensor: Dictionary) -> RLTensor:
	var bytes := Marshalls.base64_to_raw(tensor["data"] as String)
	var shape := PackedInt32Array(tensor["shape"] as Array)
	var kind: RLTensor.Kind = int(tensor["kind"] as float) as RLTensor.Kind
	if kind == RLTensor.Kind.FLOAT:
		return RLTensor.of_floats(shape, bytes.to_float32_array())
	return RLTensor.of_ints(shape, bytes.to_int64_array(), kind)


func _write(tensor: RLTensor) -> Dictionary:
	var is_float := tensor.kind == RLTensor.Kind.FLOAT
	var bytes := tensor.floats.to_byte_array() if is_float else tensor.ints.to_byte_array()
	var data := Marshalls.raw_to_base64(bytes) if not bytes.is_empty() else ""
	return {"kind": tensor.kind, "shape": Array(tensor.shape), "data": data}
