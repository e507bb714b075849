extends LandingTest
## A landing: what the pilot sees, what its engines do, what a touchdown is worth, and an origin that may float.

const CALM := {"wind_m_s": 0.0, "start_tilt_rad": 0.0, "start_sideways_m_s": 0.0, "start_descent_m_s": 0.0}


func test_a_pilot_sees_fifteen_floats_and_moves_six() -> void:
	var agent := make_zone({}).crafts[0].agent
	check_equal(agent.observation_size, SEEN, "floats seen")
	check_equal(agent.action_size, 6, "floats of an action")


func test_the_start_lies_within_its_limits_and_differs_from_seed_to_seed() -> void:
	var zone := make_zone({})
	var craft := zone.crafts[0]
	var lowest := INF
	var highest := 0.0
	for episode: int in 30:
		zone.core.begin_episode()
		var height := craft.feet().y
		check(height > 499.9 and height < 1000.1, "height %f" % height)
		check(maxf(absf(craft.position.x), absf(craft.position.z)) <= 200.0, "place %s" % craft.position)
		check(craft.linear_velocity.y <= 0.0 and craft.linear_velocity.y >= -20.0, "descent")
		check(craft.tilt() <= 0.1001, "tilt %f" % craft.tilt())
		lowest = minf(lowest, height)
		highest = maxf(highest, height)
	check(highest - lowest > 300.0, "heights %f to %f" % [lowest, highest])


func test_directions_are_seen_from_the_crafts_own_heading() -> void:
	var zone := make_zone(CALM)
	var seen: Array[PackedFloat32Array] = []
	for yaw: float in [0.0, 2.0]:
		var turn := Basis(Vector3.UP, yaw)
		var start := Transform3D(turn * Basis(Vector3.RIGHT, 0.2), turn * Vector3(30.0, 200.0, 40.0))
		zone.crafts[0].start(start, turn * Vector3(3.0, -4.0, 5.0), turn * Vector3(0.1, 0.2, 0.3))
		var observation := PackedFloat32Array()
		observation.resize(SEEN)
		zone.crafts[0].agent.observe(observation, 0)
		observation[13] = 0.0  # another piece of ground
		seen.append(observation)
	for i: int in SEEN:
		check_close(seen[1][i], seen[0][i], "float %d after a turn" % i, 1e-4)
	check_close(seen[0][1], 3.0 / 50.0, "sideways speed", 1e-5)
	check_close(seen[0][7], 0.2 / PI, "pitch", 1e-5)
	check_close(seen[0][8], 0.0, "roll", 1e-5)


func test_the_engines_push_along_the_crafts_own_axes() -> void:
	var zone := make_zone(CALM)
	var craft := zone.crafts[0]
	var lean := Basis(Vector3.BACK, -0.5)
	craft.start(Transform3D(lean, Vector3(0.0, 300.0, 0.0)), Vector3.ZERO, Vector3.ZERO)
	await fly(zone, PackedFloat32Array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), 30)
	var pull := Vector3.DOWN * 1.62
	var expected := (lean.y * 5.0 + pull) * (craft.linear_velocity.y / (lean.y * 5.0 + pull).y)
	check(craft.linear_velocity.y > 0.5, "climbs: %s" % craft.linear_velocity)
	check(craft.linear_velocity.distance_to(expected) < 0.03, "%s, expected %s" % [craft.linear_velocity, expected])
	check_close(craft.linear_velocity.length() / craft.fuel_used(), expected.length() / craft.fuel_used(), "fuel", 1e-3)


func test_full_thrust_burns_a_hundred_units_a_second_and_an_empty_tank_is_the_end_of_it() -> void:
	var zone := make_zone(CALM.merged({"fuel": 100.0}))
	var craft := zone.crafts[0]
	await fly(zone, PackedFloat32Array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), 46)
	check_close(craft.fuel_used(), 50.0, "units after half a second", 2.5)
	await fly(zone, PackedFloat32Array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), 60)
	var top := craft.linear_velocity.y
	await fly(zone, PackedFloat32Array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), 20)
	check_equal(craft.fuel, 0.0, "fuel")
	check(craft.linear_velocity.y < top, "falls again")


func test_a_torque_turns_the_craft_about_its_axis() -> void:
	for axis: int in 3:
		var zone := make_zone(CALM)
		var craft := zone.crafts[0]
		craft.start(Transform3D(Basis.IDENTITY, Vector3(0.0, 300.0, 0.0)), Vector3.ZERO, Vector3.ZERO)
		var action := PackedFloat32Array([0.0, 0.0, -1.0, 0.0, 0.0, 0.0])
		action[3 + axis] = 1.0
		await fly(zone, action, 45)
		# 500 N m on 3000 kg m² for nearly half a second.
		check_close(craft.angular_velocity[axis], 0.5 * 500.0 / 3000.0, "spin about axis %d" % axis, 0.006)


func test_a_damaged_thruster_is_weaker() -> void:
	var zone := make_zone({"thruster_damage": 0.4})
	var health := Array(zone.crafts[0].health)
	check_close(health.min() as float, 0.6, "the damaged one")
	check_equal(health.count(1.0), 5, "whole ones")


func test_wind_pushes_a_craft_sideways_only() -> void:
	var zone := make_zone({"wind_m_s": 30.0, "gusts": 0.0, "start_sideways_m_s": 0.0, "start_tilt_rad": 0.0})
	var craft := zone.crafts[0]
	var before := craft.linear_velocity
	await fly(zone, PackedFloat32Array([0.0, 0.0, -1.0, 0.0, 0.0, 0.0]), 60)
	var gained := craft.linear_velocity - before
	check(Vector2(gained.x, gained.z).dot(Vector2(zone.wind.velocity.x, zone.wind.velocity.z)) > 0.0, "with the wind")
	check_close(gained.y, -1.62 * 59.0 * TICK, "falls freely", 0.03)


func test_a_soft_upright_touchdown_on_the_pad_is_success() -> void:
	var agent := (await _touch_down(Vector3(0.5, 0.0, 0.5), 1.0, 0.0)).agent
	check(agent.success, "success")
	check_close(paid(agent, "touchdown"), 50.0, "touchdown")
	check_close(paid(agent, "pad"), 20.0, "pad")
	check_close(agent.get_metric(&"touchdown_speed"), 1.0, "speed", 0.15)
	check_close(agent.get_metric(&"pad_distance"), sqrt(0.5), "distance", 0.02)


func test_a_hard_touchdown_is_no_success_but_no_crash() -> void:
	var agent := (await _touch_down(Vector3.ZERO, 3.5, 0.0)).agent
	check(not agent.active and not agent.success, "over without success")
	check_close(paid(agent, "touchdown"), 10.0, "touchdown")
	check_close(paid(agent, "pad"), 20.0, "pad")


func test_a_touchdown_beside_the_pads_middle_is_no_success() -> void:
	var agent := (await _touch_down(Vector3(3.0, 0.0, 0.0), 1.0, 0.0)).agent
	check(not agent.active and not agent.success, "over without success")
	check_close(paid(agent, "touchdown"), 50.0, "touchdown")
	check_close(paid(agent, "pad"), 0.0, "pad")


func test_a_touchdown_elsewhere_may_cost() -> void:
	var agent := (await _touch_down(Vector3(3.0, 0.0, 0.0), 1.0, 0.0, 60, {"reward_astray": -40.0})).agent
	check_close(paid(agent, "touchdown"), 50.0, "touchdown")
	check_close(paid(agent, "pad"), -40.0, "pad")


func test_too_fast_or_tilted_is_a_crash() -> void:
	for case: Vector2 in [Vector2(8.0, 0.0), Vector2(1.0, 0.5)]:
		var agent := (await _touch_down(Vector3.ZERO, case.x, case.y)).agent
		check(not agent.active and not agent.success, "over without success")
		check_close(paid(agent, "crash"), -50.0, "crash")
		check_close(paid(agent, "touchdown") + paid(agent, "pad"), 0.0, "touchdown")


func test_the_open_ground_can_be_touched() -> void:
	var agent := (await _touch_down(Vector3(150.0, 0.0, 120.0), 4.0, 0.0)).agent
	check(not agent.active, "the ground stops it")
	check(agent.get_metric(&"pad_distance") > 100.0, "far from the pad")


func test_leaving_the_zone_is_a_crash_and_time_running_out_is_not() -> void:
	var zone := make_zone(CALM)
	zone.crafts[0].position.x = LandingZone.RANGE + 1.0
	for tick: int in LandingZone.SLOW_TICKS:
		zone.core.advance(TICK)
	check_equal(zone.crafts[0].agent.take_ending(), RLRoster.TERMINATED, "out of the zone")
	check_close(paid(zone.crafts[0].agent, "crash"), -50.0, "crash")
	zone = make_zone(CALM.merged({"time_limit_s": 1.0}))
	zone.ticks = 89
	zone.core.advance(TICK)
	check_equal(zone.crafts[0].agent.take_ending(), RLRoster.TRUNCATED, "time is up")
	check_close(paid(zone.crafts[0].agent, "timeout"), -20.0, "timeout")


func test_hovering_and_circling_earn_nothing() -> void:
	var zone := make_zone(CALM)
	var craft := zone.crafts[0]
	var judge := zone.judges[0]
	judge.shape(craft.linear_velocity)
	craft.agent.ledger.take_reward()
	var home := craft.position
	for corner: Vector3 in [Vector3(50, 0, 0), Vector3(50, -80, 30), Vector3(-20, -100, 0), Vector3.ZERO]:
		craft.position = home + corner
		judge.shape(corner)
	judge.shape(Vector3.ZERO)
	check_close(craft.agent.ledger.take_reward(), 0.0, "paid for a round trip", 1e-3)


func test_the_least_fuel_is_free_fall_and_a_full_stop() -> void:
	var settings := SpacecraftParams.new()
	var down := Vector3(0.0, -1000.0, 0.0)
	# From rest 1000 m up: 46.8 m/s after 28.9 s, then 13.9 s at full thrust.
	check_close(LandingRewards.ideal_fuel(down, Vector3.ZERO, settings), 1384.5, "units", 1.0)
	var drifting := LandingRewards.ideal_fuel(down, Vector3(3.0, 0.0, 4.0), settings)
	check_close(drifting, 1384.5 + 100.0, "units with 5 m/s sideways", 1.0)
	# 42.7 s for 171 m to the side: 4 m/s, which the tilted stop cancels nearly for nothing.
	var beside := down + Vector3(171.0, 0.0, 0.0)
	check_close(LandingRewards.ideal_fuel(beside, Vector3(4.0, 0.0, 0.0), settings), 1384.5 + 2.3, "on its way", 1.0)
	check_close(LandingRewards.ideal_fuel(beside, Vector3.ZERO, settings), 1384.5 + 2.3 + 80.0, "from rest", 1.0)


func test_fuel_is_wasted_by_hovering_but_not_by_a_fall_or_a_late_stop() -> void:
	var zone := make_zone(CALM.merged({"reward_waste": -0.05}))
	var craft := zone.crafts[0]
	for case: Vector3 in [Vector3(-1.0, 20.0, 0.0), Vector3(1.0, 20.0, 0.0), Vector3(-0.352, 0.0, 16.7)]:
		var height := 20.0 * 20.0 / (2.0 * 3.38) if case.x > 0.0 else 300.0
		craft.start(
			Transform3D(Basis.IDENTITY, craft.pad.global_position + Vector3.UP * (height + Spacecraft.FEET)),
			Vector3.DOWN * case.y,
			Vector3.ZERO
		)
		zone.judges[0].begin()
		craft.agent.ledger.take_reward()
		await fly(zone, PackedFloat32Array([0.0, 0.0, case.x, 0.0, 0.0, 0.0]), 45)
		zone.judges[0].shape(craft.linear_velocity)
		check_close(paid(craft.agent, "waste"), -0.05 * case.z, "waste at throttle %s" % case.x, 0.1)


func test_an_episode_is_the_same_in_every_arena_and_after_other_episodes() -> void:
	var low := {"start_height_min_m": 10.0, "start_height_max_m": 20.0}
	var game := ChildGame.new(low, ["--arenas=3"], SCENE)
	game.reset(7)
	var first := watch(game, 40, 2)
	game.reset(7, 2, 3)
	var again := watch(game, 40, 0)
	check_equal(first.hash(), again.hash(), "what is seen of episode 2 in arena 0 and in arena 2")
	check_equal(game.stop(), 0, "exit code")


func test_the_scripted_pilot_lands_in_calm_air() -> void:
	var low := {"start_height_min_m": 60.0, "start_height_max_m": 120.0, "wind_m_s": 0.0}
	var game := ChildGame.new(low, ["--arenas=8", "--control=heuristic"], SCENE)
	game.reset(1)
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	var landed := 0
	for decision: int in 300:
		game.step(idle)
		for agent: int in game.endings:
			landed += int(game.endings[agent][SEEN + 3])
	check(landed >= 6, "landings: %d" % landed)
	game.stop()


## Let a craft fall onto the ground beside or on the pad. Returns it after its touchdown.
func _touch_down(beside: Vector3, speed: float, lean: float, ticks: int = 60, changes: Dictionary = {}) -> Spacecraft:
	var zone := make_zone(CALM.merged(changes))
	var craft := zone.crafts[0]
	var ground := 0.0 if beside.length() < LandingPad.RADIUS else zone.ground.height_at(beside.x, beside.z)
	var place := beside + Vector3(0.0, ground + Spacecraft.FEET + 0.1 + 1.5 * absf(sin(lean)), 0.0)
	craft.start(Transform3D(Basis(Vector3.RIGHT, lean), place), Vector3.DOWN * speed, Vector3.ZERO)
	zone.judges[0].begin()
	for tick: int in ticks:
		if craft.agent.active:
			await fly(zone, PackedFloat32Array([0.0, 0.0, -0.3, 0.0, 0.0, 0.0]), 1)
	return craft
