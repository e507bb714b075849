extends RLTest
## Whatever goes wrong ends the process with a code and one clear line, and is told to the peer where there is one.


func test_a_script_error_while_building_is_told_in_the_handshake() -> void:
	var game := ChildGame.new({"fault": "build_error"})
	check_equal(game.info.get("type"), "error")
	_check_message(str(game.info.get("message")), "touch_arena.gd:", "Cannot call method 'queue_free' on a null value")
	_check_end(game, 70, "touch_arena.gd:")


func test_a_script_error_in_an_episode_is_told_instead_of_the_state() -> void:
	_check_told({"fault": "script_error"}, "Cannot call method 'queue_free' on a null value")


func test_an_engine_error_counts_as_well() -> void:
	_check_told({"fault": "engine_error"}, "touch_arena.gd:")


func test_the_error_names_the_line_of_the_script() -> void:
	var game := ChildGame.new({"fault": "engine_error", "fault_tick": 1})
	game.reset(1)
	game.send_frame(RLBinarySession.Request.STEP, _still(game))
	game.receive_frame()
	game.wait()
	var place := RegEx.create_from_string(
		"SPACETIME-ERROR: res://tests/fixtures/touch/touch_arena.gd:\\d+ in _provoke: "
	)
	check(place.search(game.log_text) != null, game.log_text)
	check_equal(game.log_text.count("SPACETIME-ERROR"), 1, "lines")


func test_a_stock_client_sees_the_connection_close() -> void:
	var game := ChildGame.new({"fault": "script_error", "fault_tick": 1}, [], ChildGame.SCENE, "")
	game.send_json({"type": "reset"})
	game.receive_json()
	game.send_json({"type": "action", "action": [{"move": [0, 0]}, {"move": [0, 0]}, {"move": [0, 0], "jump": 0}]})
	check_equal(game.receive_json(), {}, "answer")
	_check_end(game, 70, "touch_arena.gd:")


func test_a_warning_does_not_end_the_game() -> void:
	var game := ChildGame.new({"fault": "warning", "fault_tick": 2})
	game.reset(1)
	game.send_frame(RLBinarySession.Request.STEP, _still(game))
	check_equal(game.receive_frame()[0], int(RLBinarySession.Reply.STATE), "frame kind")
	check_equal(game.stop(), 0, "exit code")
	check("a mere warning" in game.log_text, game.log_text)


func test_an_observation_that_is_not_a_number_passes_for_the_peer_to_refuse() -> void:
	var game := ChildGame.new({"fault": "nan", "fault_tick": 6})
	game.reset(1)
	check(is_finite(game.observations[0][15]), "not finite already")
	game.step(_still(game).to_float32_array())
	check(is_nan(game.observations[0][15]), "finite still")
	game.stop()


func test_a_game_that_quits_by_itself_ends_with_its_own_code() -> void:
	var game := ChildGame.new({"fault": "exit", "fault_tick": 3})
	game.reset(1)
	game.send_frame(RLBinarySession.Request.STEP, _still(game))
	check_equal(game.wait(), 9, "exit code")


func test_unknown_parameters_and_options_are_refused_in_the_handshake() -> void:
	var game := ChildGame.new({"walkrs": 1, "room_m": 1}, ["--arenas=none"])
	var message := str(game.info.get("message"))
	check_equal(game.info.get("type"), "error")
	_check_message(message, "unknown parameter 'walkrs'; did you mean 'walkers'?", "1.0 is outside")
	_check_message(message, "--arenas=none: expected a whole number of at least 1", "room_m")
	_check_end(game, 4, "unknown parameter 'walkrs'")


func test_a_camera_without_a_renderer_is_refused_in_the_handshake() -> void:
	var game := ChildGame.new({"images": "camera"})
	_check_message(str(game.info.get("message")), "'camera' of agent 'walker_0'", "needs a renderer")
	_check_end(game, 70, "needs a renderer")


func test_an_unknown_wire_is_refused() -> void:
	var game := ChildGame.new({}, [], ChildGame.SCENE, "spacetime/9")
	check_equal(game.info.get("message"), "the game speaks 'spacetime/1', not 'spacetime/9'")
	_check_end(game, 4, "spacetime/9")


func test_a_scene_that_does_not_load_ends_at_once() -> void:
	_check_end(ChildGame.new({}, [], "res://nowhere.tscn"), 70, "Cannot open file 'res://nowhere.tscn'")


func test_a_scene_without_a_bridge_ends_at_once() -> void:
	_check_end(ChildGame.new({}, [], "res://tests/fixtures/no_bridge.tscn"), 70, "the scene has no RLBridge node")


func test_an_arena_scene_of_another_kind_is_refused() -> void:
	var game := ChildGame.new({}, [], "res://tests/fixtures/no_arena.tscn")
	check_equal(game.info.get("message"), "RLBridge.arena_scene is not a scene whose root extends RLArena or RLArena2D")
	_check_end(game, 4, "RLBridge.arena_scene")


func test_a_port_where_nobody_listens_ends_with_a_code_of_its_own() -> void:
	var server := TCPServer.new()
	server.listen(0, "127.0.0.1")
	var port := server.get_local_port()
	server.stop()
	var game := ChildGame.new({}, ["--port=%d" % port])
	_check_end(game, 5, "nobody listens on 127.0.0.1:%d" % port)


func _check_told(params: Dictionary, reason: String) -> void:
	var game := ChildGame.new(params)
	game.reset(1)
	var frame := PackedByteArray([RLBinarySession.Reply.STATE])
	var steps := 0
	while not frame.is_empty() and frame[0] == RLBinarySession.Reply.STATE and steps < 10:
		steps += 1
		game.send_frame(RLBinarySession.Request.STEP, _still(game))
		frame = game.receive_frame()
	check_equal(steps, 4, "the step of tick 20")
	check_equal(frame[0], int(RLBinarySession.Reply.ERROR), "frame kind")
	_check_message(frame.slice(1).get_string_from_utf8(), "touch_arena.gd:", reason)
	_check_end(game, 70, reason)


func _check_message(message: String, first: String, second: String) -> void:
	check(first in message and second in message, "message: %s" % message)


func _check_end(game: ChildGame, code: int, reason: String) -> void:
	check_equal(game.wait(), code, "exit code")
	check("SPACETIME-ERROR: " in game.log_text and reason in game.log_text, "log: %s" % game.log_text)


func _still(game: ChildGame) -> PackedByteArray:
	var actions := PackedFloat32Array()
	actions.resize(game.action_size())
	return actions.to_byte_array()
