extends RLTest
## The panel in the editor: what it lists of a scene, which commands it runs, and that it never waits for them.

const ROOM: PackedScene = preload("res://scenarios/vr_ui/arena.tscn")
const LONGEST_WAIT_MS := 20000

# They are removed with this.
var _folders: Array[DirAccess] = []


func test_agents_are_listed_with_what_they_see_and_do() -> void:
	var room := ROOM.instantiate()
	var agents := RLSceneSummary.agents_in(room)
	check_equal(agents.size(), 1, "agents")
	check_equal(agents[0].title, "User, policy 'user'", "title")
	check_equal(agents[0].node, room.find_child("Agent"), "node")
	check("does pointing: 4 numbers" in agents[0].parts, "parts: %s" % agents[0].parts)
	check("does trigger: 3 choices" in agents[0].parts, "parts: %s" % agents[0].parts)
	room.free()


func test_the_arena_that_a_bridge_names_is_listed_too() -> void:
	var main := Node3D.new()
	var bridge := RLBridge.new()
	bridge.arena_scene = ROOM
	main.add_child(bridge)
	var agents := RLSceneSummary.agents_in(main)
	check_equal(agents.size(), 1, "agents")
	check(agents[0].node == null, "they are not in this scene")
	bridge.arena_scene = null
	var mistakes := RLSceneSummary.mistakes_in(main)
	check_equal(
		mistakes[0].text, "%s: Set arena_scene to a scene whose root extends RLArena or RLArena2D." % bridge.name
	)
	check_equal(mistakes[0].node, bridge, "the node with the mistake")
	main.free()


func test_the_program_is_found_beside_the_project() -> void:
	var root := _folder()
	check_equal(RLTraining.find_program("/nowhere/spacetime-rl", root), "", "a program that is not there")
	var program := root.path_join(".venv/bin/spacetime-rl")
	_write(program, "")
	check_equal(RLTraining.find_program("", root.path_join("games/mine")), program, "in .venv two folders up")
	check_equal(RLTraining.find_program(program, "/nowhere"), program, "as it was set")


func test_configurations_that_name_a_project_are_offered() -> void:
	var root := _folder()
	_write(root.path_join("game/train.yaml"), "game: {project: .}\n")
	_write(root.path_join("beside.yaml"), "game:\n  project: game\n")
	_write(root.path_join("other.yaml"), "a: 1\n")
	var expected := PackedStringArray([root.path_join("game/train.yaml"), root.path_join("beside.yaml")])
	check_equal(RLTraining.configurations(root.path_join("game")), expected, "configurations")


func test_commands_name_the_project_or_the_configuration() -> void:
	var own := RLTraining.train_command("/rl", "/p/game", "", "res://main.tscn", "a-run", "/p/results")
	var line := "env SPACETIME_LINES_EVERY_S=2 /rl train --set game.project=/p/game --set game.scene=res://main.tscn"
	check_equal(" ".join(own), line + " --run-id a-run --results /p/results", "without a configuration")
	var of_file := " ".join(RLTraining.train_command("/rl", "/p/game", "/p/train.yaml", "", "a-run", "/p/results"))
	check(of_file.ends_with("/rl train /p/train.yaml --run-id a-run --results /p/results"), of_file)


func test_progress_lines_become_sentences() -> void:
	var line := "iteration=3 agent_steps=4096 walker/return_mean=1.5 walker/success_rate=0.25 elapsed_s=30 eta_s=90"
	check_equal(RLTraining.described(line), "4096 agent steps, walker: return 1.5, success 25 %", "a result")
	check_close(RLTraining.share_done(line), 0.25, "share")
	check_equal(RLTraining.described('stage="starting Ray" elapsed_s=0.0'), "starting Ray", "a stage")
	check_equal(RLTraining.described('note="pre-trained on 8 decisions"'), "pre-trained on 8 decisions", "a fact")
	check_equal(RLTraining.described("done: 1 policy"), "done: 1 policy", "other lines")
	check_equal(RLTraining.share_done('stage="x" elapsed_s=1.0'), -1.0, "no share")


func test_output_is_read_without_waiting_and_a_stopped_program_says_its_last_word() -> void:
	var child := RLChildProcess.new()
	# As the package does, it ends itself when it is asked to.
	var script := "trap 'echo saved; exit 7' INT; echo $PWD; while true; do sleep 0.05; done"
	check(child.start("/tmp", ["/bin/sh", "-c", script]), "it starts")
	check_equal(await _lines_of(child, 1), PackedStringArray(["/tmp"]), "where it runs")
	var from_ms := Time.get_ticks_msec()
	check_equal(child.read_lines(), PackedStringArray(), "nothing new")
	check(Time.get_ticks_msec() - from_ms < 1000, "nobody waited for it")
	child.stop()
	check_equal(await _lines_of(child, 1), PackedStringArray(["saved"]), "what it says at the end")
	while child.is_running():
		child.read_lines()
		await get_tree().process_frame
	check_equal(child.exit_code, 7, "exit code")


func test_the_dock_trains_shows_the_output_and_takes_the_policies() -> void:
	var root := _folder()
	_write(root.path_join("game/train.yaml"), "game: {project: .}\n")
	# It stands for the package: the real one is run by tests/game/test_editor_dock.py.
	var program := root.path_join("spacetime-rl")
	_write(program, "#!/bin/sh\necho $1 in $(basename $PWD)\necho 'iteration=1 agent_steps=8 elapsed_s=1 eta_s=1'\n")
	FileAccess.set_unix_permissions(program, 0x1C0)
	var seen: Array[String] = []
	var dock := RLDock.new()
	dock.project = root.path_join("game")
	dock.program_setting = program
	dock.rescan = func() -> void: seen.append("rescan")
	dock.remember = func(run_id: String) -> void: seen.append(run_id)
	add_child(dock)
	dock.train()
	await _until_idle(dock)
	check("train in game\n8 agent steps" in dock.log_text(), dock.log_text())
	check(seen[0].begins_with("game-"), "the run's id: %s" % seen[0])
	dock.take_policies()
	await _until_idle(dock)
	check("export %s --into" % seen[0] in dock.log_text(), dock.log_text())
	check_equal(seen[-1], "rescan", "the editor imports the policies")
	dock.free()


func _until_idle(dock: RLDock) -> void:
	var until_ms := Time.get_ticks_msec() + LONGEST_WAIT_MS
	while dock.is_busy() and Time.get_ticks_msec() < until_ms:
		await get_tree().process_frame
	check(not dock.is_busy(), "the program has ended")


func _lines_of(child: RLChildProcess, count: int) -> PackedStringArray:
	var lines: PackedStringArray = []
	var until_ms := Time.get_ticks_msec() + LONGEST_WAIT_MS
	while lines.size() < count and Time.get_ticks_msec() < until_ms:
		lines.append_array(child.read_lines())
		await get_tree().process_frame
	return lines


func _folder() -> String:
	_folders.append(DirAccess.create_temp("dock"))
	return _folders[-1].get_current_dir()


func _write(path: String, text: String) -> void:
	DirAccess.make_dir_recursive_absolute(path.get_base_dir())
	FileAccess.open(path, FileAccess.WRITE).store_string(text)
