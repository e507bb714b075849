extends RLTest
## What every session does: with a binary peer, with a JSON peer, and without a peer.

const WIRES: Array[String] = [RLBinarySession.WIRE, ""]
const BROKEN_GAME := "res://tests/fixtures/touch/touch_broken.tscn"
const LONG := {"touch_m": 0.0, "max_ticks": 6000}
const BROKEN := {"touch_m": 0.0, "max_ticks": 6000, "fault": "script_error", "fault_tick": 8}
const SEED := 3
const DECISIONS := 3


func test_an_episode_is_the_same_on_every_wire() -> void:
	var seen: Array[Array] = []
	for wire: String in WIRES:
		var game := _start(wire, LONG, ["--env_seed=%d" % SEED])
		var observations := _reset(game, wire)
		for decision: int in DECISIONS:
			observations = _stand_still(game, wire)
		seen.append(observations)
		check_equal(game.stop(), 0, "exit code on wire '%s'" % wire)
	check_equal(seen[1].size(), seen[0].size(), "agents")
	for agent: int in seen[0].size():
		var binary: PackedFloat32Array = seen[0][agent]
		var stock: PackedFloat32Array = seen[1][agent]
		check_equal(stock.size(), binary.size(), "floats of agent %d" % agent)
		for i: int in binary.size():
			check_close(stock[i], binary[i], "agent %d, float %d" % [agent, i], 1e-6)


func test_a_peer_that_disappears_ends_every_session_without_an_error() -> void:
	for wire: String in WIRES:
		for decisions: int in [0, 1]:
			var game := _start(wire, LONG)
			_reset(game, wire)
			for decision: int in decisions:
				_stand_still(game, wire)
			check_equal(game.stop(), 0, "exit code on wire '%s' after %d decisions" % [wire, decisions])
			check("SPACETIME-ERROR" not in game.log_text, game.log_text)


func test_a_request_that_is_none_ends_every_session_with_the_code_for_a_refusal() -> void:
	for wire: String in WIRES:
		var game := _start(wire, LONG)
		_reset(game, wire)
		if wire == "":
			game.send_json({"type": "dance"})
		else:
			game.send_frame(99)
		check_equal(game.wait(), RLBinarySession.REFUSED, "exit code on wire '%s'" % wire)


func test_a_script_error_ends_every_session_with_a_code_of_its_own() -> void:
	for wire: String in WIRES:
		var game := _start(wire, BROKEN)
		_reset(game, wire)
		for decision: int in 3:
			_send_stillness(game, wire)
		check_equal(game.wait(), RLFaults.EXIT_CODE, "exit code on wire '%s'" % wire)
	check_equal(_play_alone(["--params=%s" % JSON.stringify(BROKEN)]), RLFaults.EXIT_CODE, "a scene that plays alone")


func test_a_players_game_goes_on_after_a_script_error() -> void:
	check_equal(_play_alone([], BROKEN_GAME), 0, "exit code")


func test_a_scene_that_nobody_plays_goes_on_by_itself() -> void:
	check_equal(_play_alone(["--params=%s" % JSON.stringify({"max_ticks": 12})]), 0, "exit code")


func _start(wire: String, params: Dictionary, arguments: PackedStringArray = []) -> ChildGame:
	return ChildGame.new(params, arguments, ChildGame.SCENE, wire)


# The observations of all agents.
func _reset(game: ChildGame, wire: String) -> Array[PackedFloat32Array]:
	if wire != "":
		game.reset(SEED)
		return game.observations.duplicate()
	game.send_json({"type": "reset"})
	return _observations_in(game.receive_json())


func _stand_still(game: ChildGame, wire: String) -> Array[PackedFloat32Array]:
	if wire != "":
		game.step(_no_movement(game))
		return game.observations.duplicate()
	_send_stillness(game, wire)
	return _observations_in(game.receive_json())


# Without waiting for an answer, which may not come.
func _send_stillness(game: ChildGame, wire: String) -> void:
	if wire != "":
		game.send_frame(RLBinarySession.Request.STEP, _no_movement(game).to_byte_array())
		return
	var actions: Array[Dictionary] = []
	for space: Dictionary in game.info["action_space"]:
		actions.append({"move": [0.0, 0.0], "jump": 0} if space.has("jump") else {"move": [0.0, 0.0]})
	game.send_json({"type": "action", "action": actions})


func _no_movement(game: ChildGame) -> PackedFloat32Array:
	var actions := PackedFloat32Array()
	actions.resize(game.action_size())
	return actions


func _observations_in(answer: Dictionary) -> Array[PackedFloat32Array]:
	var observations: Array[PackedFloat32Array] = []
	for entry: Dictionary in answer["obs"]:
		observations.append(PackedFloat32Array(entry["obs"] as Array))
	return observations


# The exit code of a game without a peer, which the engine ends after some frames.
func _play_alone(options: PackedStringArray, scene := ChildGame.SCENE) -> int:
	var command: PackedStringArray = ["--headless", "--path", ProjectSettings.globalize_path("res://")]
	command.append_array([scene, "--fixed-fps", "90", "--disable-render-loop", "--xr-mode", "off"])
	command.append_array(["--quit-after", "120", "--"])
	command.append_array(options)
	# Not OS.execute, which takes the quotes out of JSON.
	var process := OS.execute_with_pipe(OS.get_executable_path(), command, false)
	var pid: int = process["pid"]
	while OS.is_process_running(pid):
		OS.delay_msec(10)
	return OS.get_process_exit_code(pid)
