extends SceneTree
## Times the forwards of policies, for the table of docs/in-game.md.
##
## `godot --headless --path . --script res://tests/support/time_onnx.gd -- RUNTIME FILE ROWS FORWARDS …`
## prints for each file the median and the 99th percentile in milliseconds.

# Forwards before those that are timed.
const _BEFORE := 20


func _initialize() -> void:
	var given := OS.get_cmdline_user_args()
	if not ComputeBy.chosen(given[0]):
		quit(1)
		return
	for i: int in range(1, given.size(), 3):
		_time(given[i], given[i + 1].to_int(), given[i + 2].to_int())
	quit()


func _time(file: String, rows: int, forwards: int) -> void:
	var model := RLOnnxModel.load_from(file)
	if not model.problem.is_empty():
		push_error(model.problem)
		return
	model.keep_outputs(["distribution", "state_outs"] if "lstm" in file.get_file() else ["distribution"])
	var inputs: Dictionary[String, PackedFloat32Array] = {}
	for name: String in model.inputs:
		inputs[name] = PackedFloat32Array()
		inputs[name].resize(rows * RLTensor.product(model.inputs[name], 1, model.inputs[name].size()))
	var times_ms := PackedFloat64Array()
	for i: int in _BEFORE + forwards:
		var from_usec := Time.get_ticks_usec()
		model.run(inputs, rows)
		if i >= _BEFORE:
			times_ms.append(1e-3 * (Time.get_ticks_usec() - from_usec))
	times_ms.sort()
	print("%s %d %.3f %.3f" % [file.get_file(), rows, times_ms[int(forwards * 0.5)], times_ms[int(forwards * 0.99)]])
