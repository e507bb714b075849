extends RLTest
## Oracles inside the game: each reports its fault once, and nothing of a game without it.

const HZ := 90

var arena: RLArena
var oracles: RLOracles


func test_a_body_that_stays_inside_a_wall_is_reported_and_one_that_touches_it_is_not() -> void:
	_make_arena()
	var wall := _add_box(StaticBody3D.new(), "Wall", Vector3(2.0, 2.0, 0.5))
	var guest := _add_box(CharacterBody3D.new(), "Guest", Vector3(0.4, 0.4, 0.4))
	guest.position.z = 0.44
	_watch({"inside_body": {"seconds": 0.1, "depth": 0.1}})
	await _play(20)
	check_equal(_keys(), [], "of a body that touches the wall")
	guest.position.z = 0.2
	await _play(20)
	check_equal(_keys(), ["inside_body:Guest in Wall"])
	wall.collision_layer = 0
	oracles.begin()
	await _play(20)
	check_equal(_keys(), [], "of a wall that collides with nothing")


func test_a_body_that_goes_through_a_wall_is_reported_at_any_speed_and_a_teleport_is_not() -> void:
	for speed: float in [1.0, 80.0]:
		_make_arena()
		_add_box(StaticBody3D.new(), "Wall", Vector3(4.0, 4.0, 0.1))
		var ghost := _add_box(CharacterBody3D.new(), "Ghost", Vector3(0.2, 0.2, 0.2)) as CharacterBody3D
		ghost.position.z = 0.6
		ghost.velocity = Vector3(0.0, 0.0, -speed)
		_watch({"tunnelled": {}})
		await _play(ceili(1.2 / speed * HZ), func() -> void: ghost.position += ghost.velocity / HZ)
		check_equal(_keys(), ["tunnelled:Ghost through Wall"], "at %s m/s" % speed)
	_make_arena()
	_add_box(StaticBody3D.new(), "Wall", Vector3(4.0, 4.0, 0.1))
	var mage := _add_box(CharacterBody3D.new(), "Mage", Vector3(0.2, 0.2, 0.2))
	mage.position.z = 0.6
	_watch({"tunnelled": {}})
	await _play(3)
	mage.position.z = -0.6
	await _play(3)
	check_equal(_keys(), [], "of a teleport")


func test_a_body_that_shakes_is_reported_and_one_that_swings_is_not() -> void:
	_make_arena()
	var shaking := _add_box(CharacterBody3D.new(), "Shaking", Vector3.ONE)
	var swinging := _add_box(CharacterBody3D.new(), "Swinging", Vector3.ONE)
	_watch({"jitter": {}})
	await _play(
		45,
		func() -> void:
			shaking.position.x = 0.01 * (arena.ticks % 2)
			swinging.position.x = sin(0.3 * arena.ticks)
	)
	check_equal(_keys(), ["jitter:Shaking"])
	check_equal(oracles.sightings[0]["severity"], "warning")


func test_a_body_without_a_finite_velocity_is_reported() -> void:
	_make_arena()
	var ball := _add_box(CharacterBody3D.new(), "Ball", Vector3.ONE) as CharacterBody3D
	_watch({"not_finite": {}})
	await _play(2)
	check_equal(_keys(), [])
	ball.velocity.x = NAN
	await _play(2)
	check_equal(_keys(), ["not_finite:Ball"])


func test_a_warning_is_reported_with_its_line() -> void:
	_make_arena()
	_watch({"warning": {}})
	push_warning("something is odd")
	await _play(1)
	check_equal(oracles.sightings.size(), 1, "warnings")
	check(str(_keys()[0]).begins_with("warning:res://tests/test_oracles.gd:"), str(_keys()))
	check(str(oracles.sightings[0]["message"]).ends_with("something is odd"), str(oracles.sightings[0]))


func test_a_warning_of_the_physics_engines_job_queue_is_marked_as_one_of_the_clock() -> void:
	_make_arena()
	_watch({"warning": {}})
	var place := "modules/jolt_physics/spaces/jolt_job_system.cpp"
	var text := "Jolt Physics job system exceeded the maximum number of jobs."
	var none: Array[ScriptBacktrace] = []
	RLFaults._installed._log_error("CreateJob", place, 90, "", text, false, Logger.ERROR_TYPE_WARNING, none)
	await _play(1)
	check("warning:performance/%s:90" % place in _keys(), str(_keys()))


func test_a_button_that_nothing_listens_to_or_that_is_covered_is_reported() -> void:
	_make_arena()
	var live := _add_button("Live", 0.0)
	live.pressed.connect(func() -> void: pass)
	_add_button("Deaf", 100.0)
	_add_button("Off", 200.0).disabled = true
	var covered := _add_button("Covered", 300.0)
	covered.pressed.connect(func() -> void: pass)
	var glass := ColorRect.new()
	glass.color = Color.TRANSPARENT
	glass.self_modulate.a = 0.0
	glass.position.x = 300.0
	glass.size = Vector2(90.0, 90.0)
	_viewport().add_child(glass)
	_watch({"dead_element": {}})
	for x: float in [50.0, 150.0, 250.0, 350.0, 450.0]:
		_click(Vector2(x, 50.0))
		await _play(20)
	check_equal(_keys(), ["dead_element:Deaf", "dead_element:Covered"])


func test_bodies_of_a_2d_game_are_watched_as_well() -> void:
	var flat := RLArena2D.new()
	add_child(flat)
	_add_square(flat, StaticBody2D.new(), "Wall", 40.0)
	var ghost := _add_square(flat, CharacterBody2D.new(), "Ghost", 10.0) as CharacterBody2D
	var guest := _add_square(flat, CharacterBody2D.new(), "Guest", 20.0) as CharacterBody2D
	ghost.position.x = 65.0
	ghost.velocity.x = -900.0
	guest.position.y = 10.0
	guest.velocity.y = NAN
	oracles = RLOracles.new(
		flat.core, {"inside_body": {"depth": 4.0, "seconds": 0.1}, "tunnelled": {}, "not_finite": {}}
	)
	oracles.begin()
	for tick: int in 15:
		await get_tree().physics_frame
		flat.core.ticks += 1
		ghost.position.x -= 10.0
		oracles.advance(1.0 / HZ)
		oracles.note_decision()
	var keys := _keys()
	keys.sort()
	check_equal(keys, ["inside_body:Guest in Wall", "not_finite:Guest", "tunnelled:Ghost through Wall"])


func test_each_cause_is_reported_once_an_episode_with_the_decision_that_goes_on() -> void:
	_make_arena()
	var ball := _add_box(CharacterBody3D.new(), "Ball", Vector3.ONE) as CharacterBody3D
	ball.velocity.x = INF
	_watch({"not_finite": {}})
	await _play(30)
	check_equal(oracles.sightings.size(), 1, "sightings")
	check_equal(oracles.sightings[0]["decision"], 1, "decision")
	oracles.begin()
	check_equal(oracles.sightings, [], "of a new episode")


func test_a_script_that_is_no_oracle_is_refused() -> void:
	var problems: PackedStringArray = []
	RLOracleScript.load_all(["/nowhere/oracle.gd", "res://tests/support/rl_test.gd"], problems)
	check_equal(
		problems,
		PackedStringArray(
			[
				"oracle /nowhere/oracle.gd: there is no such file",
				"oracle res://tests/support/rl_test.gd: expected a script that extends RLOracle",
			]
		)
	)


func _make_arena() -> void:
	var world := SubViewport.new()
	world.own_world_3d = true
	world.size = Vector2i(640, 480)
	world.render_target_update_mode = SubViewport.UPDATE_DISABLED
	add_child(world)
	arena = RLArena.new()
	world.add_child(arena)


func _watch(wanted: Dictionary) -> void:
	oracles = RLOracles.new(arena.core, wanted)
	oracles.begin()


# Decisions of a tick.
func _play(ticks: int, move := func() -> void: pass) -> void:
	for tick: int in ticks:
		await get_tree().physics_frame
		arena.ticks += 1
		move.call()
		oracles.advance(1.0 / HZ)
		oracles.note_decision()


func _keys() -> Array:
	return oracles.sightings.map(func(sighting: Dictionary) -> String: return sighting["key"])


func _add_box(body: PhysicsBody3D, called: String, size: Vector3) -> PhysicsBody3D:
	var box := BoxShape3D.new()
	box.size = size
	var shape := CollisionShape3D.new()
	shape.shape = box
	body.name = called
	body.add_child(shape)
	arena.add_child(body)
	return body


func _add_square(into: Node2D, body: PhysicsBody2D, called: String, size: float) -> PhysicsBody2D:
	var square := RectangleShape2D.new()
	square.size = Vector2(size, size)
	var shape := CollisionShape2D.new()
	shape.shape = square
	body.name = called
	body.add_child(shape)
	into.add_child(body)
	return body


func _add_button(text: String, x: float) -> Button:
	var button := Button.new()
	button.text = text
	button.position.x = x
	button.size = Vector2(90.0, 90.0)
	_viewport().add_child(button)
	return button


# What an arena shows: below its root, as a panel's.
func _viewport() -> Node:
	var panel := arena.get_node_or_null(^"Panel")
	if panel == null:
		panel = SubViewport.new()
		panel.name = "Panel"
		(panel as SubViewport).size = Vector2i(640, 480)
		arena.add_child(panel)
	return panel


func _click(at: Vector2) -> void:
	var event := InputEventMouseButton.new()
	event.button_index = MOUSE_BUTTON_LEFT
	event.position = at
	event.global_position = at
	for pressed: bool in [true, false]:
		event.pressed = pressed
		(_viewport() as SubViewport).push_input(event, true)
