extends LandingTest
## The way from flying to walking: who acts when, who is aboard, and what ends whose part.

const PICKUP: PackedScene = preload("res://scenarios/crew_pickup/arena.tscn")
const PICKUP_SCENE := "res://scenarios/crew_pickup/crew_pickup.tscn"
const WALKER_SEES := 10 + 8


func test_pilot_and_walker_have_spaces_of_their_own() -> void:
	var zone := _make_pickup({})
	check_equal(zone.crafts[0].agent.observation_size, SEEN, "floats the pilot sees")
	check_equal(zone.walker.agent.observation_size, WALKER_SEES, "floats the walker sees")
	check_equal(zone.walker.agent.actions.map(_kind_of), ["continuous", "discrete"], "the walker's actions")


func test_the_walker_waits_aboard_until_the_touchdown_and_then_stands_beside_the_craft() -> void:
	var zone := _make_pickup({})
	var craft := zone.crafts[0]
	check(zone.walker.agent.waiting and not zone.walker.agent.active, "it waits")
	await _land(zone)
	check(not craft.agent.active and craft.agent.success, "the pilot is done")
	check(zone.walker.agent.active, "the walker is awake")
	var away := zone.walker.global_position - craft.global_position
	check_close(Vector2(away.x, away.z).length(), CrewWalker.STEP_OUT, "its distance", 1e-3)
	check_close(zone.walker.global_position.y, 0.0, "it stands on the pad", 1e-3)


func test_a_crash_ends_the_walkers_part_before_it_began() -> void:
	var zone := _make_pickup({})
	await _land(zone, 9.0)
	check_close(zone.crafts[0].agent.get_metric(&"crash"), 1.0, "crash")
	check(not zone.walker.agent.active and not zone.walker.agent.waiting, "the walker is out")
	check_equal(zone.walker.agent.decisions, 0, "its decisions")
	check(zone.core.is_finished(), "all is over")


func test_the_stranded_crew_comes_along_only_with_a_closed_hand_nearby() -> void:
	var zone := _make_pickup({})
	await _land(zone)
	_stand(zone, zone.stranded.global_position + Vector3(1.0, 0.0, 0.0), 0)
	check(not zone.has_picked_up(), "an open hand takes nobody")
	_stand(zone, zone.stranded.global_position + Vector3(3.0, 0.0, 0.0), 1)
	check(not zone.has_picked_up(), "nor one that is too far")
	_stand(zone, zone.stranded.global_position + Vector3(1.0, 0.0, 0.0), 1)
	check(zone.has_picked_up(), "picked up")
	check_close(paid(zone.walker.agent, "pick_up"), 10.0, "paid")
	check_equal(zone.walkers_goal(), zone.crafts[0].global_position, "where to now")


func test_back_at_the_hatch_with_the_stranded_crew_is_success_and_without_is_not() -> void:
	var zone := _make_pickup({})
	await _land(zone)
	var hatch := zone.crafts[0].global_position + Vector3(2.5, 0.0, 0.0)
	_stand(zone, hatch, 1)
	check(zone.walker.agent.active, "alone it is not done")
	_stand(zone, zone.stranded.global_position + Vector3(0.5, 0.0, 0.0), 1)
	_stand(zone, hatch, 0)
	check(zone.walker.agent.success, "success")
	check_close(paid(zone.walker.agent, "aboard"), 20.0, "paid")
	check(zone.core.is_finished(), "all is over")


func test_nobody_walks_through_a_boulder() -> void:
	var zone := _make_pickup({"boulders": 1})
	await _land(zone)
	var boulder := zone.boulders[0].global_position
	var walker := zone.walker
	var place := boulder + Vector3(0.0, 0.0, 3.0)
	RLPhysics.reset_body(walker, Transform3D(Basis.IDENTITY, place))
	walker.agent.act(PackedFloat32Array([0.0, 1.0, 0.0, 0.0]), 0)
	for tick: int in 90:
		await get_tree().physics_frame
		zone.core.advance(TICK)
	check(walker.global_position.z > boulder.z + 1.0, "it stops: %s" % (walker.global_position - boulder))


func test_time_runs_out_for_a_walker_that_still_waits() -> void:
	var zone := _make_pickup({"time_limit_s": 1.0})
	zone.ticks = 89
	zone.core.advance(TICK)
	check_equal(zone.walker.agent.take_ending(), RLRoster.TRUNCATED, "time is up")
	check_close(paid(zone.walker.agent, "timeout"), 0.0, "it cannot be blamed")


func test_an_episode_of_both_is_the_same_in_every_arena() -> void:
	var game := ChildGame.new({}, ["--arenas=3", "--control=heuristic"], PICKUP_SCENE)
	game.reset(7)
	# Three pilots, then three walkers.
	var first := _watch_both(game, 90, 2)
	game.reset(7, 2, 3)
	check_equal(_watch_both(game, 90, 0).hash(), first.hash(), "what is seen of episode 2 in arena 0 and in arena 2")
	check_equal(game.stop(), 0, "exit code")


func test_the_scripted_crew_brings_somebody_home() -> void:
	var game := ChildGame.new({}, ["--arenas=8", "--control=heuristic"], PICKUP_SCENE)
	game.reset(1)
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	var aboard := 0
	for decision: int in 300:
		game.step(idle)
		for agent: int in game.endings:
			aboard += int(agent >= 8 and game.endings[agent][WALKER_SEES + 3] == 1.0)
	check(aboard >= 5, "brought home: %d" % aboard)
	game.stop()


func _watch_both(game: ChildGame, decisions: int, arena: int) -> Array[PackedFloat32Array]:
	var seen: Array[PackedFloat32Array] = []
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	for decision: int in decisions:
		seen.append(game.observations[arena])
		seen.append(game.observations[3 + arena])
		game.step(idle)
	return seen


func _land(zone: CrewZone, speed: float = 1.0) -> void:
	var craft := zone.crafts[0]
	craft.start(
		Transform3D(Basis.IDENTITY, Vector3(0.0, Spacecraft.FEET + 0.05, 0.0)), Vector3.DOWN * speed, Vector3.ZERO
	)
	for tick: int in 20:
		if craft.agent.active:
			await get_tree().physics_frame
			zone.core.advance(TICK)


## Put the walker somewhere with a hand open (0) or closed (1), and let the zone look.
func _stand(zone: CrewZone, place: Vector3, hand: int) -> void:
	zone.walker.global_position = place
	zone.walker.agent.act(PackedFloat32Array([0.0, 0.0, 0.0, hand]), 0)
	zone.core.advance(TICK)


func _kind_of(action: RLAction) -> String:
	return action.kind()


func _make_pickup(values: Dictionary) -> CrewZone:
	return make_zone(values, PICKUP) as CrewZone
