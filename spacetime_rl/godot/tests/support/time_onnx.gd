extends SceneTree
## Times the forwards of policies, for the table of docs/in-game.md.
##
## `godot --headless --path . --script res://tests/support/time_onnx.gd -- RUNTIME SECONDS FILE ROWS FILE ROWS …` prints
## for each file what `Stopwatch` prints. RUNTIME is as in `ComputeBy`.


func _initialize() -> void:
	var given := OS.get_cmdline_user_args()
	if not ComputeBy.chosen(given[0]):
		quit(1)
		return
	for i: int in range(2, given.size(), 2):
		_time(given[i], given[i + 1].to_int(), given[1].to_float())
	quit()


func _time(file: String, rows: int, seconds: float) -> void:
	var model := RLOnnxModel.load_from(file)
	if not model.problem.is_empty():
		push_error(model.problem)
		return
	model.keep_outputs(["distribution", "state_outs"] if "lstm" in file.get_file() else ["distribution"])
	var inputs: Dictionary[String, PackedFloat32Array] = {}
	for name: String in model.inputs:
		inputs[name] = PackedFloat32Array()
		inputs[name].resize(rows * RLTensor.product(model.inputs[name], 1, model.inputs[name].size()))
	Stopwatch.time(file.get_file(), rows, seconds, model.run.bind(inputs, rows))
