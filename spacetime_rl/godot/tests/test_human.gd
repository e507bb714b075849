extends RLTest
## A person's keys and sticks become what `_human` reads, and the agents of a game follow them.

const ROOM: PackedScene = preload("res://scenarios/vr_interaction/arena.tscn")
const BENCH: PackedScene = preload("res://scenarios/bench/arena.tscn")


func test_nothing_pressed_is_nothing_done() -> void:
	check_equal(RLHuman.left_stick(), Vector2.ZERO, "left stick")
	check_equal(RLHuman.right_stick(), Vector2.ZERO, "right stick")
	check_equal([RLHuman.lift(), RLHuman.roll()], [0.0, 0.0], "lift and roll")
	check_equal([RLHuman.button(0), RLHuman.button(1)], [false, false], "buttons")


func test_keys_push_the_sticks_until_they_are_let_go() -> void:
	_press(KEY_W)
	check_equal(RLHuman.left_stick(), Vector2(0.0, 1.0), "W")
	_press(KEY_D)
	check_close(RLHuman.left_stick().length(), 1.0, "W and D together")
	_press(KEY_W, false)
	check_equal(RLHuman.left_stick(), Vector2(1.0, 0.0), "D")
	_press(KEY_D, false)
	_press(KEY_LEFT)
	check_equal(RLHuman.right_stick(), Vector2(-1.0, 0.0), "left arrow")
	_press(KEY_LEFT, false)
	check_equal(RLHuman.left_stick() + RLHuman.right_stick(), Vector2.ZERO, "all let go")


func test_keys_lift_roll_and_press_buttons() -> void:
	for pair: Array in [[KEY_Q, -1.0, 0.0], [KEY_E, 1.0, 0.0], [KEY_Z, 0.0, -1.0], [KEY_C, 0.0, 1.0]]:
		var key: Key = pair[0]
		_press(key)
		check_equal([RLHuman.lift(), RLHuman.roll()], [pair[1], pair[2]], OS.get_keycode_string(key))
		_press(key, false)
	_press(KEY_SPACE)
	check_equal([RLHuman.button(0), RLHuman.button(1)], [true, false], "space")
	_press(KEY_SPACE, false)
	_press(KEY_F)
	check_equal([RLHuman.button(0), RLHuman.button(1)], [false, true], "F")
	_press(KEY_F, false)


func test_a_gamepad_does_the_same_and_a_resting_thumb_does_nothing() -> void:
	_tilt(JOY_AXIS_LEFT_Y, -1.0)
	check_equal(RLHuman.left_stick(), Vector2(0.0, 1.0), "left stick ahead")
	_tilt(JOY_AXIS_LEFT_Y, -0.1)
	check_equal(RLHuman.left_stick(), Vector2.ZERO, "resting thumb")
	_tilt(JOY_AXIS_LEFT_Y, 0.0)
	_tilt(JOY_AXIS_TRIGGER_LEFT, 1.0)
	check_equal(RLHuman.lift(), -1.0, "left trigger")
	_tilt(JOY_AXIS_TRIGGER_LEFT, 0.0)
	_press_pad(JOY_BUTTON_A, true)
	check(RLHuman.button(0), "pad A is the first button")
	_press_pad(JOY_BUTTON_A, false)


func test_the_players_of_a_room_walk_turn_reach_and_grip_by_key() -> void:
	var arena := _build(ROOM)
	for key: Key in [KEY_W, KEY_RIGHT, KEY_E, KEY_SPACE]:
		_press(key)
	for agent: RLAgent in arena.agents:
		var action := _human_action(agent)
		check_equal(Array(action), [0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0], "action of %s" % agent.agent_name)
	for key: Key in [KEY_W, KEY_RIGHT, KEY_E, KEY_SPACE]:
		_press(key, false)
	for agent: RLAgent in arena.agents:
		var open := 0.0 if agent.policy_name == &"giver" else -1.0
		check_equal(_human_action(agent)[6], open, "open hand of %s" % agent.agent_name)


func test_a_walker_of_the_bench_goes_ahead_by_key() -> void:
	var arena := _build(BENCH)
	_press(KEY_W)
	check_equal(_human_action(arena.agents[0]), PackedFloat32Array([1.0, 0.0, 0.0]), "ahead")
	_press(KEY_W, false)


func _build(scene: PackedScene) -> RLArena:
	var arena: RLArena = scene.instantiate()
	arena.params = arena.params.duplicate() as RLParams
	add_child(arena)
	arena.core.build(0, RLSchedule.new())
	arena.core.begin_episode()
	return arena


func _human_action(agent: RLAgent) -> PackedFloat32Array:
	var action := PackedFloat32Array()
	action.resize(agent.action_size)
	agent._human(action)
	return action


func _press(key: Key, pressed: bool = true) -> void:
	var event := InputEventKey.new()
	event.physical_keycode = key
	event.pressed = pressed
	_feed(event)


func _tilt(axis: JoyAxis, amount: float) -> void:
	var event := InputEventJoypadMotion.new()
	event.axis = axis
	event.axis_value = amount
	_feed(event)


func _press_pad(button: JoyButton, pressed: bool) -> void:
	var event := InputEventJoypadButton.new()
	event.button_index = button
	event.pressed = pressed
	_feed(event)


func _feed(event: InputEvent) -> void:
	Input.parse_input_event(event)
	Input.flush_buffered_events()
