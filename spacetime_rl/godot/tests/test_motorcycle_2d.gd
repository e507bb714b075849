extends RLTest
## The rules of motorcycle_2d: its tracks, wind and oil, how the motorcycle moves, what a ride pays and how it ends.

const ARENA: PackedScene = preload("res://scenarios/motorcycle_2d/arena.tscn")
const SCENE := "res://scenarios/motorcycle_2d/motorcycle_2d.tscn"
const TICK := 1.0 / 90.0
const FLOATS := 40
const EPISODES := 20
const FLAT := {"hills_deg": 0.0, "random_oil": false, "random_wind": false}


func test_the_rider_sees_numbers_within_1_and_acts_as_the_parameter_says() -> void:
	var arena := _make_ride()
	var agent := arena.bike.agent
	check_equal(agent.observation_size, FLOATS, "floats")
	check_equal(agent.actions.map(_kind_of), ["continuous"], "actions")
	check_equal(_make_ride({"actions": "discrete"}).bike.agent.actions.map(_kind_of), ["discrete"], "actions")
	for episode: int in EPISODES:
		arena.core.begin_episode()
		arena.bike.position.x = 400.0 * episode
		var seen := PackedFloat32Array()
		seen.resize(FLOATS)
		agent.observe(seen, 0)
		for i: int in FLOATS:
			check(is_finite(seen[i]) and absf(seen[i]) <= 1.0, "float %d is %f" % [i, seen[i]])
	await wait_ticks(1)


func test_each_of_nine_choices_is_another_pair_of_drive_and_lean() -> void:
	var controls := _make_ride({"actions": "discrete"}).bike.controls
	var action := PackedFloat32Array([0.0])
	for drive: float in MotorcycleControls.DRIVES:
		for lean: float in MotorcycleControls.LEANS:
			controls.write(action, 0.8 * drive, 0.6 * lean)
			controls.choice.read(action, 0)
			check_equal([controls.drive(), controls.lean()], [drive, lean], "choice %d" % controls.choice.value)
	controls.choice.clear()
	check_equal([controls.drive(), controls.lean()], [0.0, 0.0], "before the first decision")
	await wait_ticks(1)


func test_a_track_is_as_steep_as_asked_for_and_flat_at_both_ends() -> void:
	var arena := _make_ride({"hills_deg": 30.0})
	for episode: int in EPISODES:
		arena.core.begin_episode()
		var steepest := 0.0
		var x := -300.0
		while x < arena.track.finish + 2000.0:
			steepest = maxf(steepest, absf(arena.track.slope_at(x)))
			x += MotorcycleTrack.PIECE / 2.0
		check_close(rad_to_deg(steepest), 30.0, "degrees", 0.01)
		for at: float in [-200.0, 0.0, 300.0, arena.track.finish, arena.track.finish + 500.0]:
			check_close(arena.track.slope_at(at), 0.0, "slope at %f" % at)
	await wait_ticks(1)


func test_each_kind_of_randomness_has_its_switch_and_leaves_the_others_alone() -> void:
	var all := _drawn({})
	check_equal(_different(all["hills"] as Array), EPISODES, "different hills")
	check(_different(all["wind"] as Array) > EPISODES / 2.0, "different winds")
	check(_different(all["oil"] as Array) > EPISODES / 2.0, "different oil")
	var same := _drawn({"random_hills": false})
	check_equal(_different(same["hills"] as Array), 1, "different hills without the switch")
	check_equal([same["wind"], same["oil"]], [all["wind"], all["oil"]], "wind and oil")
	var calm := _drawn({"random_wind": false, "random_oil": false})
	check_equal(calm["hills"], all["hills"], "hills without wind and oil")
	check_equal([_different(calm["wind"] as Array), _different(calm["oil"] as Array)], [1, 1], "calm and dry")
	await wait_ticks(1)


func test_wind_is_no_stronger_than_its_limit_and_oil_lies_on_the_track() -> void:
	var arena := _make_ride({"wind_m_s": 12.0, "oil_patches": 8})
	var strongest := 0.0
	for episode: int in EPISODES:
		arena.core.begin_episode()
		for second: int in 40:
			arena.wind.blow(0.5 * second)
			strongest = maxf(strongest, absf(arena.wind.speed))
		for patch: Vector2 in arena.track.patches:
			check(patch.x >= 360.0 and patch.y <= arena.track.finish - 360.0, "oil at %s" % patch)
			check(arena.track.is_oily((patch.x + patch.y) / 2.0), "no oil in the middle of %s" % patch)
	check(strongest > 6.0 and strongest <= 12.0, "strongest gust %f m/s" % strongest)
	await wait_ticks(1)


func test_wheels_and_rider_stay_in_their_joints_in_every_episode() -> void:
	var arena := _make_ride({"track_m": 60.0})
	for episode: int in 2:
		arena.core.begin_episode()
		for tick: int in 120:
			_hold(arena, 1.0, sin(0.1 * tick))
			await wait_ticks(1)
		var bike := arena.bike
		check(bike.position.x > 100.0, "episode %d: %f px ridden" % [episode, bike.position.x])
		check_close(bike.to_local(bike.rear.global_position).x, Motorcycle.REAR_AXLE.x, "rear axle, px", 2.0)
		check_close(bike.to_local(bike.front.global_position).x, Motorcycle.FRONT_AXLE.x, "front axle, px", 2.0)
		check(bike.to_local(bike.rider.global_position).distance_to(Motorcycle.SEAT) < 2.0, "the rider left the seat")


func test_oil_takes_the_grip_wind_pushes_and_brakes_stop() -> void:
	var dry := _make_ride(FLAT)
	var oily := _make_ride(FLAT.merged({"grip": 0.15}))
	var blown := _make_ride(FLAT)
	var braked := _make_ride(FLAT)
	braked.bike.linear_velocity.x = 500.0
	for tick: int in 120:
		_hold(dry, 1.0, 0.0)
		_hold(oily, 1.0, 0.0)
		_hold(braked, -1.0, 0.0)
		blown.wind.speed = 18.0
		await wait_ticks(1)
		braked.core.advance(TICK)
	check(dry.bike.speed().x > 4.0, "%f m/s at full throttle" % dry.bike.speed().x)
	check(oily.bike.speed().x < 0.5 * dry.bike.speed().x, "%f m/s on oil" % oily.bike.speed().x)
	check(blown.bike.speed().x > 0.2, "%f m/s by a wind from behind" % blown.bike.speed().x)
	check_close(braked.bike.speed().x, 0.0, "speed after braking", 0.3)
	check(braked.bike.agent.active, "braking ends in a crash")


func test_a_lean_turns_the_motorcycle_in_the_air_and_moves_its_rider() -> void:
	var sides: Dictionary[float, MotorcycleArena] = {-1.0: _make_ride(FLAT), 1.0: _make_ride(FLAT)}
	for side: float in sides:
		sides[side].bike.stand(2000.0, -900.0)
	for tick: int in 45:
		for side: float in sides:
			_hold(sides[side], 0.0, side)
		await wait_ticks(1)
	for side: float in sides:
		var bike := sides[side].bike
		check(bike.pitch() * side < -0.1, "pitch %f rad for a lean of %f" % [bike.pitch(), side])
		check(bike.leaning() * side > 0.3, "the rider leans %f rad" % bike.leaning())


func test_rider_or_frame_on_the_ground_ends_the_ride() -> void:
	var arena := _make_ride(FLAT)
	# On its back, as if thrown.
	arena.bike.stand(2000.0, -300.0)
	arena.bike.angular_velocity = -6.0
	await _ride(arena, 120, 0.0, 0.0)
	check_equal(arena.bike.agent.take_ending(), RLRoster.TERMINATED, "ending")
	check(not arena.bike.agent.success, "success")
	check_close(
		arena.bike.agent.ledger.take_reward(), -10.0 + 0.1 * arena.bike.agent.get_metric(&"metres"), "reward", 0.01
	)
	check_equal(arena.bike.agent.get_metric(&"crashed"), 1.0, "crashed")


func test_the_finish_counts_upright_and_on_a_wheel() -> void:
	var arena := _make_ride(FLAT.merged({"reward_progress": 0.0}))
	arena.bike.stand(arena.track.finish + 10.0, -200.0)
	await _ride(arena, 10, 0.0, 0.0)
	check(arena.bike.agent.active, "the ride ended in the air")
	await _ride(arena, 60, 0.0, 0.0)
	check_equal(arena.bike.agent.take_ending(), RLRoster.TERMINATED, "ending")
	check(arena.bike.agent.success, "success")
	check_close(arena.bike.agent.ledger.take_reward(), 10.0, "reward")


func test_when_time_is_up_the_ride_is_truncated() -> void:
	var arena := _make_ride(FLAT.merged({"time_limit_s": 1.0, "reward_progress": 0.0}))
	await _ride(arena, 95, 0.0, 0.0)
	check_equal(arena.bike.agent.take_ending(), RLRoster.TRUNCATED, "ending")
	check_close(arena.bike.agent.ledger.take_reward(), -5.0, "reward")


func test_only_new_metres_pay() -> void:
	var arena := _make_ride(FLAT)
	for place: Vector2 in [Vector2(300.0, 0.3), Vector2(100.0, 0.0), Vector2(300.0, 0.0), Vector2(350.0, 0.05)]:
		arena.bike.position.x = place.x
		arena.core.advance(TICK)
		check_close(arena.bike.agent.ledger.take_reward(), place.y, "reward at %f px" % place.x)
	await wait_ticks(1)


func test_an_episode_is_the_same_in_every_arena_and_after_other_episodes() -> void:
	check_same_episodes(SCENE, {"time_limit_s": 3.0}, 40, _weave)


func test_the_scripted_rider_finishes_most_rides() -> void:
	var game := ChildGame.new({"track_m": 50.0}, ["--arenas=12", "--control=heuristic"], SCENE)
	game.reset(3)
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	var successes := 0.0
	var ended := 0
	while ended < 12:
		game.step(idle)
		for agent: int in game.endings:
			successes += game.endings[agent][FLOATS + RLAgent.COMMON_METRICS.find(&"success")]
			ended += 1
	game.stop()
	check(successes >= 0.8 * ended, "%d of %d finished" % [successes, ended])


func _weave(decision: int) -> PackedFloat32Array:
	var actions := PackedFloat32Array()
	for agent: int in 3:
		actions.append_array([0.9, sin(0.4 * decision)])
	return actions


func _kind_of(action: RLAction) -> String:
	return action.kind()


## What the first episodes have of each kind of randomness.
func _drawn(values: Dictionary) -> Dictionary:
	var arena := _make_ride(values)
	var found := {"hills": [], "oil": [], "wind": []}
	for episode: int in EPISODES:
		arena.core.begin_episode(episode)
		(found["hills"] as Array).append(hash(arena.track.points))
		(found["oil"] as Array).append(hash(arena.track.patches))
		arena.wind.blow(1.0)
		(found["wind"] as Array).append(arena.wind.speed)
	return found


func _different(values: Array) -> int:
	var once := {}
	for value: Variant in values:
		once[value] = true
	return once.size()


## Ticks of the whole arena with the controls held.
func _ride(arena: MotorcycleArena, ticks: int, drive: float, lean: float) -> void:
	for tick: int in ticks:
		_hold(arena, drive, lean)
		await wait_ticks(1)
		arena.core.advance(TICK)


func _hold(arena: MotorcycleArena, drive: float, lean: float) -> void:
	arena.bike.controls.numbers.values = PackedFloat32Array([drive, lean])


func _make_ride(values: Dictionary = {}) -> MotorcycleArena:
	var arena := build_arena_2d(ARENA, values) as MotorcycleArena
	arena.core.begin_episode()
	return arena
