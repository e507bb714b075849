extends RLTest
## The rules of parking_3d: what counts as parked, what is paid, and how an episode ends.

const ARENA: PackedScene = preload("res://scenarios/parking_3d/arena.tscn")
const TICK := 1.0 / 90.0
const FLOATS := 28
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


func test_metres_on_the_way_to_the_bay_pay_and_metres_back_cost_the_same() -> void:
	var arena := _make_lot({"reward_time": 0.0, "reward_alignment": 0.0})
	_park(arena, Vector3(0.0, 0.0, 5.0), 0.0)
	_reward_of_decision(arena)
	_park(arena, Vector3(0.0, 0.0, 4.0), 0.0)
	check_close(_reward_of_decision(arena), arena.settings.reward_progress, "a metre nearer")
	_park(arena, Vector3(0.0, 0.0, 5.0), 0.0)
	check_close(_reward_of_decision(arena), -arena.settings.reward_progress, "and back")


func test_the_way_of_a_car_is_that_of_arcs_and_straight_lines() -> void:
	check_close(ReedsShepp.length(5.0, 0.0, 0.0, 3.0), 5.0, "straight ahead")
	check_close(ReedsShepp.length(-2.0, 0.0, 0.0, 3.0), 2.0, "straight back")
	check_close(ReedsShepp.length(3.0, 3.0, PI / 2.0, 3.0), 1.5 * PI, "a quarter of a circle")
	check_close(ReedsShepp.length(-3.0, 3.0, -PI / 2.0, 3.0), 1.5 * PI, "the same backwards")
	check_close(ReedsShepp.length(0.0, 0.0, PI, 3.0), 3.0 * PI, "a turn on the spot, in three moves")
	# Little aside takes four arcs, to and fro.
	var aside := ReedsShepp.length(0.0, 0.1, 0.0, 3.0)
	check(aside > 1.0 and aside < 3.0, "0.1 m aside: %f" % aside)
	check(ReedsShepp.length(0.0, 1.0, 0.0, 3.0) > 3.0, "a metre aside takes more than a metre")


# Numbers of another implementation, whose words were driven along to see where they end.
func test_ways_are_as_long_as_another_implementation_finds_them() -> void:
	var known: Dictionary[Vector3, float] = {
		Vector3(0.0, 0.1, 0.0): 1.54390,
		Vector3(1.0, 2.0, 0.5): 4.84649,
		Vector3(-2.0, 1.0, 2.5): 7.5,
		Vector3(4.0, -6.0, -1.2): 7.86135,
		Vector3(0.0, 0.0, 1.0): 3.0,
		Vector3(9.0, 3.0, 3.0): 12.88031,
		Vector3(-0.5, 0.3, -0.4): 1.54731,
	}
	for pose: Vector3 in known:
		check_close(ReedsShepp.length(pose.x, pose.y, pose.z, 3.0), known[pose], "way to %s" % pose, 0.0002)


func test_a_car_beside_its_bay_has_a_longer_way_than_one_before_it() -> void:
	var arena := _make_lot()
	var before := arena.bay.place * Transform3D(Basis.IDENTITY, Vector3(0.0, 0.0, 6.0))
	var beside := arena.bay.place * Transform3D(Basis.IDENTITY, Vector3(2.7, 0.0, 0.0))
	check_close(arena.bay.way_to(before, "any", 3.4), 6.0, "before it, nose first", 0.01)
	check(arena.bay.way_to(before, "tail", 3.4) > 12.0, "the same, tail first")
	check(arena.bay.way_to(beside, "any", 3.4) > 6.0, "in the bay next to it")


func test_turning_to_the_bay_pays_beside_it_and_hardly_far_from_it() -> void:
	var arena := _make_lot({"reward_time": 0.0, "reward_progress": 0.0})
	var near := _reward_of_turn(arena, 1.0)
	var far := _reward_of_turn(arena, 12.0)
	check(near > 5.0 * far and far > 0.0, "near %f, far %f" % [near, far])


func test_more_bays_than_there_are_are_refused() -> void:
	var params := ParkingParams.new()
	check_equal(params.apply({"target_bay": 12}).size(), 1, "problems")
	check_equal(params.apply({"target_bay": 12, "bays_per_row": 7}).size(), 0, "problems with more bays")


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


## The reward of turning by half a radian to the bay's direction, at a distance before it in metres.
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
