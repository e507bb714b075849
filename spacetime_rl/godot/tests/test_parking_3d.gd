extends RLTest
## The rules of parking_3d: what counts as parked, what is paid, how an episode ends, and that nothing is left of it.

const ARENA: PackedScene = preload("res://scenarios/parking_3d/arena.tscn")
const SCENE := "res://scenarios/parking_3d/parking_3d.tscn"
const TICK := 1.0 / 90.0
const FLOATS := 28
# Place in what a game reports at an episode's end, after the observation: episode, return, length, success.
const SUCCESS := 3
const HUNDRED_EPISODES := 100


func test_the_car_sees_28_finite_floats_and_acts_by_two_numbers_or_one_choice() -> void:
	var arena := _make_lot()
	var agent := arena.car.agent
	check_equal(agent.observation_size, FLOATS, "floats seen")
	check_equal(agent.sensors.map(func(s: RLSensor) -> int: return s.size), [3, 9, 16], "of car, bay, rays")
	check_equal(agent.action_size, 2, "floats acted by")
	var seen := PackedFloat32Array()
	seen.resize(FLOATS)
	agent.observe(seen, 0)
	for i: int in FLOATS:
		check(is_finite(seen[i]) and absf(seen[i]) <= 3.0, "float %d is %f" % [i, seen[i]])
	var other := _make_lot({"discrete": true}).car.agent
	check_equal(other.actions.map(func(a: RLAction) -> int: return a.size), [15], "choices")


func test_every_choice_is_a_position_of_the_wheel_and_the_pedal() -> void:
	var agent := _make_lot({"discrete": true}).car.agent
	var wishes: Dictionary[Vector2, bool] = {}
	for value: int in 15:
		agent.choice.value = value
		wishes[agent.wish()] = true
	check_equal(wishes.size(), 15, "different wishes")
	agent.choice.value = 3 * 4 + 2
	check_equal(agent.wish(), Vector2(1.0, 1.0), "the last one: full lock to the right, ahead")


func test_bay_and_start_are_the_same_unless_they_are_drawn() -> void:
	var fixed := _make_lot({"random_target": false, "random_pos": false, "target_bay": 7})
	var drawn := _make_lot()
	var bays: Dictionary[int, bool] = {}
	var starts: Dictionary[Vector3, bool] = {}
	var first := fixed.car.global_transform
	for episode: int in HUNDRED_EPISODES:
		fixed.core.begin_episode()
		drawn.core.begin_episode()
		check_equal(fixed.bay.number, 7, "fixed bay")
		check_equal(fixed.car.global_transform, first, "fixed start")
		bays[drawn.bay.number] = true
		starts[drawn.car.position] = true
	check_equal(bays.size(), 12, "bays of a hundred episodes")
	check_equal(starts.size(), HUNDRED_EPISODES, "starts of a hundred episodes")


func test_a_car_starts_in_the_aisle_free_of_everything() -> void:
	var arena := _make_lot({"parked_cars": 1.0})
	for episode: int in HUNDRED_EPISODES:
		arena.core.begin_episode()
		for corner: Vector3 in HatchbackCar.CORNERS:
			var at := arena.car.transform * corner
			check(absf(at.z) <= arena.lot.half_aisle - 0.29, "z of a corner: %f" % at.z)
			check(absf(at.x) <= arena.lot.half.x - 0.29, "x of a corner: %f" % at.x)


func test_other_cars_stand_in_as_many_bays_as_asked_for_and_never_in_the_one_that_is_meant() -> void:
	var arena := _make_lot({"parked_cars": 1.0})
	check_equal(_parked(arena).size(), 11, "cars in 12 bays")
	arena = _make_lot({"parked_cars": 0.0})
	check_equal(_parked(arena).size(), 0, "cars in an empty car park")
	arena = _make_lot({"parked_cars": 0.5})
	var count := 0
	for episode: int in HUNDRED_EPISODES:
		arena.core.begin_episode()
		count += _parked(arena).size()
		for other: ParkedCar in _parked(arena):
			check(other.position.distance_to(arena.bay.place.origin) > 2.0, "the bay is free")
	check(count > 450 and count < 650, "%d cars in a hundred car parks" % count)


func test_the_bumpers_see_a_parked_car_at_the_gap_that_there_is() -> void:
	var arena := _make_lot({"parked_cars": 0.0})
	var other := arena.lot.find_children("Parked0", "ParkedCar", true, false)[0] as ParkedCar
	_place(arena, Vector3(0.0, 0.0, 0.0), 0.0)
	other.stand(Transform3D(Basis.IDENTITY, Vector3(0.0, 0.0, -HatchbackCar.LENGTH - 1.5)))
	await wait_ticks(2)
	check_close(arena.car.agent.bumpers.gap(true), 1.5, "gap ahead", 0.02)
	other.stand(Transform3D(Basis.IDENTITY, Vector3(0.0, 0.0, HatchbackCar.LENGTH + 0.7)))
	await wait_ticks(2)
	check_close(arena.car.agent.bumpers.gap(false), 0.7, "gap behind", 0.02)


func test_a_car_that_stands_inside_its_bay_and_aligned_is_parked() -> void:
	var arena := _make_lot()
	for way: float in [0.0, PI]:
		arena.core.begin_episode()
		_park(arena, Vector3.ZERO, way)
		_advance(arena, 40)
		check(not arena.car.agent.active and arena.car.agent.success, "over, and a success")
		check_equal(arena.car.agent.take_ending(), RLRoster.TERMINATED, "ending")
		check_close(arena.car.agent.ledger.take_reward(), arena.settings.reward_success, "reward")


func test_a_car_across_a_line_askew_or_rolling_is_not_parked() -> void:
	var arena := _make_lot()
	_park(arena, Vector3(0.55, 0.0, 0.0), 0.0)
	check(not arena.is_in_place(), "over the line at its side")
	_park(arena, Vector3(0.0, 0.0, 0.75), 0.0)
	check(not arena.is_in_place(), "over the line at its end")
	_park(arena, Vector3.ZERO, deg_to_rad(9.0))
	check(not arena.is_in_place(), "9 degrees askew")
	_park(arena, Vector3(0.3, 0.0, -0.4), deg_to_rad(3.0))
	check(arena.is_in_place(), "a little off, and inside")
	arena.car.linear_velocity = Vector3(0.0, 0.0, 0.5)
	check(not arena.is_in_place(), "rolling")


func test_a_way_in_that_is_asked_for_is_kept() -> void:
	for way: String in ["nose", "tail"]:
		var arena := _make_lot({"way_in": way})
		_park(arena, Vector3.ZERO, 0.0)
		check_equal(arena.is_in_place(), way == "nose", "nose first counts for '%s'" % way)
		_park(arena, Vector3.ZERO, PI)
		check_equal(arena.is_in_place(), way == "tail", "tail first counts for '%s'" % way)


func test_the_public_distance_is_that_of_the_public_environment() -> void:
	var bay := ParkingBay.new(0, Transform3D(Basis.IDENTITY, Vector3(10.0, 0.0, -14.0)), 4.0, 8.0)
	check_close(bay.public_distance(bay.place), 0.0, "in the middle")
	# sqrt(2/100): two metres across.
	var across := Transform3D(Basis.IDENTITY, Vector3(12.0, 0.0, -14.0))
	check_close(bay.public_distance(across), 0.141421, "2 m across")
	# sqrt(0.3 * 4/100): four metres along.
	var along := Transform3D(Basis.IDENTITY, Vector3(10.0, 0.0, -10.0))
	check_close(bay.public_distance(along), 0.109545, "4 m along")
	# sqrt(0.02 * 2): the other way round.
	var turned := Transform3D(Basis(Vector3.UP, PI), bay.place.origin)
	check_close(bay.public_distance(turned), 0.2, "tail first")
	# sqrt(1/100 + 0.3 * 2/100 + 0.02 * (sin 30 + 1 - cos 30)): all at once.
	var all := Transform3D(Basis(Vector3.UP, PI / 6.0), Vector3(11.0, 0.0, -12.0))
	check_close(bay.public_distance(all), 0.169350, "1 m across, 2 m along, 30 degrees")


func test_the_public_definition_ends_the_episode_at_any_speed_nose_first() -> void:
	var arena := _make_lot({"success": "public"})
	_park(arena, Vector3(0.3, 0.0, 0.5), 0.0)
	arena.car.linear_velocity = Vector3(0.0, 0.0, 2.0)
	_advance(arena, 1)
	check(arena.car.agent.success, "parked")
	arena.core.begin_episode()
	_park(arena, Vector3.ZERO, PI)
	_advance(arena, 40)
	check(arena.car.agent.active, "tail first is not")


func test_when_time_is_up_the_episode_is_truncated() -> void:
	var arena := _make_lot({"time_limit_s": 1.0})
	_advance(arena, 90)
	check_equal(arena.car.agent.take_ending(), RLRoster.TRUNCATED, "ending")


func test_metres_to_the_bay_pay_and_metres_back_cost_the_same() -> void:
	var arena := _make_lot({"reward_time": 0.0, "reward_alignment": 0.0})
	_place(arena, Vector3.ZERO, 0.0)
	_reward_of_decision(arena)
	var to_bay := (arena.bay.place.origin - arena.car.position).normalized()
	arena.car.position += to_bay
	check_close(_reward_of_decision(arena), arena.settings.reward_progress, "a metre nearer")
	arena.car.position -= to_bay
	check_close(_reward_of_decision(arena), -arena.settings.reward_progress, "and back")


func test_turning_to_the_bay_pays_beside_it_and_hardly_far_from_it() -> void:
	var arena := _make_lot({"reward_time": 0.0, "reward_progress": 0.0})
	var near := _reward_of_turn(arena, 1.0)
	var far := _reward_of_turn(arena, 12.0)
	check(near > 5.0 * far and far > 0.0, "near %f, far %f" % [near, far])


func test_full_throttle_drives_ahead_up_to_the_top_speed_and_the_brake_stops_the_car() -> void:
	var game := ChildGame.new({"parked_cars": 0.0, "bays_per_row": 20, "random_pos": false}, [], SCENE)
	game.reset(1)
	for decision: int in 12:
		game.step(PackedFloat32Array([0.0, 1.0]))
	var fast := game.observations[0][0] * CarSensor.SCALE_M_S
	check(fast > 3.3 and fast < 4.0, "speed at full throttle: %f" % fast)
	for decision: int in 6:
		game.step(PackedFloat32Array([0.0, 0.0 if game.observations[0][0] < 0.1 else -1.0]))
	check_close(game.observations[0][0] * CarSensor.SCALE_M_S, 0.0, "speed after the brake", 0.1)
	for decision: int in 6:
		game.step(PackedFloat32Array([1.0, -1.0]))
	check(game.observations[0][0] < -0.3, "back: %f" % game.observations[0][0])
	check(game.observations[0][1] > 0.1, "back with the wheel to the right turns left: %f" % game.observations[0][1])
	check_equal(game.stop(), 0, "exit code")


func test_a_touch_costs_and_ends_the_episode_or_goes_on_if_asked_to() -> void:
	var ending := _drive_into_the_hedge({})
	check(not ending.is_empty() and ending[FLOATS + SUCCESS] == 0.0, "it ended without success")
	check(_drive_into_the_hedge({"contact_ends": false}).is_empty(), "it goes on")


func test_an_episode_is_the_same_in_every_arena_and_after_other_episodes() -> void:
	var game := ChildGame.new({"time_limit_s": 4.0}, ["--arenas=3"], SCENE)
	game.reset(7)
	var first := _play(game, 50, 2)
	game.reset(7, 2, 3)
	var again := _play(game, 50, 0)
	check_equal(first.hash(), again.hash(), "what is seen of episode 2 in arena 0 and in arena 2")
	game.reset(8, 2, 3)
	check(_play(game, 50, 0).hash() != first.hash(), "another seed is another episode")
	check_equal(game.stop(), 0, "exit code")


func test_the_scripted_driver_parks() -> void:
	var game := ChildGame.new({}, ["--control=heuristic", "--arenas=16"], SCENE)
	game.reset(3)
	var ended: Dictionary[int, float] = {}
	for decision: int in 200:
		game.step(_idle(game))
		for agent: int in game.endings:
			if not ended.has(agent):
				ended[agent] = game.endings[agent][FLOATS + SUCCESS]
	game.stop()
	var parked := ended.values().reduce(func(sum: float, one: float) -> float: return sum + one, 0.0) as float
	check(ended.size() == 16 and parked >= 12.0, "%d of %d parked" % [roundi(parked), ended.size()])


func test_more_bays_than_there_are_are_refused() -> void:
	var params := ParkingParams.new()
	check_equal(params.apply({"target_bay": 12}).size(), 1, "problems")
	check_equal(params.apply({"target_bay": 12, "bays_per_row": 7}).size(), 0, "problems with more bays")


func _idle(game: ChildGame) -> PackedFloat32Array:
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	return idle


## Ahead from the fixed start, along the aisle, into the hedge at its end: what the episode's end reports; or nothing.
func _drive_into_the_hedge(params: Dictionary) -> PackedFloat32Array:
	var settings: Dictionary = {"parked_cars": 0.0, "random_pos": false, "bays_per_row": 2}
	settings.merge(params)
	var game := ChildGame.new(settings, [], SCENE)
	game.reset(1)
	var worst := 0.0
	for decision: int in 40:
		game.step(PackedFloat32Array([0.0, 1.0]))
		worst = minf(worst, game.rewards[0])
		if not game.endings.is_empty():
			break
	var ending: PackedFloat32Array = game.endings.get(0, PackedFloat32Array())
	check(worst < -8.0, "least reward: %f" % worst)
	game.stop()
	return ending


func _play(game: ChildGame, decisions: int, arena: int) -> Array[PackedFloat32Array]:
	var seen: Array[PackedFloat32Array] = []
	var actions := _idle(game)
	for decision: int in decisions:
		# The same actions in each arena, whatever the others do.
		for i: int in actions.size():
			actions[i] = sin(0.3 * decision + i % 2)
		seen.append(game.observations[arena])
		game.step(actions)
	return seen


func _parked(arena: ParkingArena) -> Array[ParkedCar]:
	var found: Array[ParkedCar] = []
	for node: Node in arena.lot.find_children("Parked*", "ParkedCar", true, false):
		if (node as ParkedCar).visible:
			found.append(node as ParkedCar)
	return found


func _place(arena: ParkingArena, at: Vector3, yaw: float) -> void:
	RLPhysics.reset_body(arena.car, Transform3D(Basis(Vector3.UP, yaw), at))


## Put the car into its bay: so far from the middle in the bay's frame, and turned so far from nose first.
func _park(arena: ParkingArena, off: Vector3, yaw: float) -> void:
	RLPhysics.reset_body(arena.car, arena.bay.place * Transform3D(Basis(Vector3.UP, yaw), off))


func _advance(arena: ParkingArena, count: int) -> void:
	for tick: int in count:
		arena.core.advance(TICK)


func _reward_of_decision(arena: ParkingArena) -> float:
	_advance(arena, 1)
	arena.core.end_decision()
	return arena.car.agent.ledger.take_reward()


## The reward of turning by half a radian to the bay's direction, so many metres before it.
func _reward_of_turn(arena: ParkingArena, metres: float) -> float:
	_park(arena, Vector3(0.0, 0.0, metres), 0.8)
	_reward_of_decision(arena)
	_park(arena, Vector3(0.0, 0.0, metres), 0.3)
	return _reward_of_decision(arena)


func _make_lot(values: Dictionary = {}) -> ParkingArena:
	var arena := build_arena(ARENA, values) as ParkingArena
	# The rules are tried by hand, tick by tick.
	arena.car.set_physics_process(false)
	arena.core.begin_episode()
	return arena
