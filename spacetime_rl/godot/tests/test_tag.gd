extends RLTest
## The rules of tag: who is it, what a tag does, when a round is over and who has won it.

const ARENA: PackedScene = preload("res://scenarios/tag/arena.tscn")
const SCENE := "res://scenarios/tag/tag.tscn"
const TICK := 1.0 / 90.0
## Far from everybody else, on the ground of a map without blocks.
const FAR := Vector3(8.0, 0.0, 8.0)


func test_roles_have_the_same_spaces_so_that_a_policy_may_play_either() -> void:
	var arena := _begin({})
	var names := arena.agents.map(func(agent: RLAgent) -> String: return agent.agent_name)
	check_equal(names, ["seeker_0", "hider_0"], "agents")
	check_equal(RLLayout.of(arena.agents[0]), RLLayout.of(arena.agents[1]), "layouts")
	check_equal(arena.agents[0].observation_size, 117, "floats seen")
	var alike := _begin({"rays": 36, "high_rays": 0, "knows_map": false})
	check_equal(alike.agents[0].observation_size, 88, "floats seen by those who know no map, with 36 rays")
	check_equal(_begin({"shared": true}).agents[1].policy_name, &"player", "shared policy")


func test_there_are_fewer_seekers_than_players() -> void:
	var params := TagParams.new()
	check_equal(params.apply({"seekers": 2}).size(), 1, "problems")
	check_equal(params.apply({"seekers": 2, "players": 3}).size(), 0, "problems")


func test_only_somebody_near_and_at_the_same_height_is_tagged() -> void:
	var arena := _begin({"blocks": 0})
	var hider := arena.players[1]
	for case: Array in [
		[Vector3(1.1, 0.0, 0.0), true], [Vector3(0.9, 1.0, 0.0), true], [Vector3(0.9, 0.5, 0.0), false]
	]:
		_put(arena.players[0], Vector3.ZERO)
		_put(hider, case[0] as Vector3)
		arena.core.advance(TICK)
		check_equal(hider.agent.active, case[1], "goes on at %s" % case[0])


func test_with_all_who_is_tagged_is_out_and_the_last_one_ends_the_round() -> void:
	var arena := _begin({"players": 3, "blocks": 0})
	_put(arena.players[2], FAR)
	_meet(arena, 0, 1)
	check(not arena.players[1].present and arena.players[0].agent.active, "one is out, the round goes on")
	check_equal(arena.players[1].agent.get_metric(&"won"), 0.0, "won by the first tagged")
	check_equal(_others_of(arena.players[0])[0], 1.0, "a rival is seen")
	check_equal(_others_of(arena.players[0])[8], 0.0, "and no second one")
	_meet(arena, 0, 2)
	check(arena.core.is_finished(), "over")
	check_equal(_won(arena), [1.0, 0.0, 0.0], "won")
	check(arena.players[0].agent.success and not arena.players[2].agent.success, "success")


func test_when_time_is_up_hiders_win_and_some_tagged_of_several_is_half_a_win() -> void:
	var arena := _begin({"players": 3, "blocks": 0, "time_limit_s": 1.0})
	_put(arena.players[2], FAR)
	_meet(arena, 0, 1)
	_put(arena.players[0], -FAR)
	_let_time_pass(arena)
	check_equal(_won(arena), [0.5, 0.0, 1.0], "won")
	check(not arena.players[2].agent.truncated, "the time is part of the round: it is over, not cut off")


func test_with_first_the_first_tag_decides_the_round_for_all() -> void:
	var arena := _begin({"players": 4, "on_tag": "first", "blocks": 0})
	_put(arena.players[2], FAR)
	_put(arena.players[3], -FAR)
	_meet(arena, 0, 1)
	check(arena.core.is_finished(), "over")
	check_equal(_won(arena), [1.0, 0.0, 0.0, 0.0], "won")


func test_with_transfer_tag_passes_on_and_who_has_tagged_is_immune_for_a_while() -> void:
	var arena := _begin({"on_tag": "transfer", "blocks": 0, "immunity_s": 0.1})
	var one := arena.players[0]
	var other := arena.players[1]
	_meet(arena, 0, 1)
	check(other.is_it and not one.is_it, "roles have changed")
	check(one.is_immune() and not other.is_immune(), "immune is who has tagged")
	check_equal(_self_of(other).slice(9, 11), PackedFloat32Array([1.0, 0.0]), "is it, is not immune")
	for tick: int in 8:
		arena.core.advance(TICK)
	check(not one.is_it, "not tagged back at once")
	arena.core.advance(TICK)
	check(one.is_it, "tagged back after a tenth of a second")
	check_equal([one.agent.get_metric(&"tags"), one.agent.get_metric(&"tagged")], [1.0, 1.0], "tags of one and on it")
	_put(other, FAR)
	_let_time_pass(arena)
	check_equal(_won(arena), [0.0, 1.0], "won: who is it in the end has lost")


func test_what_a_tag_and_a_win_pay() -> void:
	var arena := _begin({"blocks": 0, "reward_tag": 2.0, "reward_tagged": -1.0, "reward_win": 3.0})
	_meet(arena, 0, 1)
	check_close(arena.agents[0].ledger.take_reward(), 5.0, "to the seeker")
	check_close(arena.agents[1].ledger.take_reward(), -4.0, "to the hider")


func test_coming_nearer_pays_the_seeker_and_costs_the_hider() -> void:
	var rewards := {"reward_progress": 0.5, "reward_away": 0.25, "reward_distance": 2.0, "reward_time": -0.25}
	var arena := _begin(rewards.merged({"blocks": 0}))
	_put(arena.players[0], Vector3.ZERO)
	_put(arena.players[1], Vector3(6.0, 0.0, 0.0))
	arena.core.end_decision()
	for agent: RLAgent in arena.agents:
		agent.ledger.take_reward()
	_put(arena.players[1], Vector3(4.0, 0.0, 0.0))
	arena.core.end_decision()
	# 2 m nearer, 4 m of a map of 20 m apart.
	check_close(arena.agents[0].ledger.take_reward(), 1.0 - 0.4 - 0.25, "to the seeker")
	check_close(arena.agents[1].ledger.take_reward(), -0.5 + 0.4, "to the hider")


func test_two_rounds_are_on_one_map_with_places_changed_between_the_roles() -> void:
	var arena := _begin({})
	var first := _places(arena)
	var map := _heights(arena)
	arena.core.begin_episode(1)
	var second := _places(arena)
	check_equal(_heights(arena), map, "map of the second round")
	check_equal([second[1], second[0]], first, "places of the second round")
	arena.core.begin_episode(2)
	check(_heights(arena) != map, "another map for the third round")


func test_a_shared_policy_is_it_in_turn_and_begins_as_told() -> void:
	for role: String in ["seeker", "hider"]:
		var arena := _begin({"shared": true, "start_role": role})
		var first := _places(arena)
		check_equal(arena.players[0].is_it, role == "seeker", "it in round 0")
		arena.core.begin_episode(1)
		check_equal(arena.players[0].is_it, role == "hider", "it in round 1")
		check_equal(_places(arena), first, "places of the second round")
	var alone := _begin({"shared": true, "swap_roles": false})
	alone.core.begin_episode(1)
	check(alone.players[0].is_it, "always it without swapping")


func test_of_four_each_is_it_once_in_four_rounds() -> void:
	var arena := _begin({"shared": true, "players": 4})
	var its := PackedInt32Array()
	for number: int in 4:
		arena.core.begin_episode(number)
		for i: int in 4:
			if arena.players[i].is_it:
				its.append(i)
	check_equal(its, PackedInt32Array([0, 1, 2, 3]), "who is it")


func test_one_gets_from_everywhere_to_everywhere_but_onto_walls() -> void:
	var arena := _begin({"blocks": 24, "map_cells": 16})
	for number: int in 8:
		arena.core.begin_episode(number)
		var map := arena.map
		var costs := map.paths.costs_from(0)
		for index: int in costs.size():
			var is_wall := map.level_of(map.cell_at(index)) == TagMap.WALL
			check_equal(costs[index] == INF, is_wall, "no way to %s of map %d" % [map.cell_at(index), number])


func test_nobody_gets_onto_a_wall_or_out_of_the_map() -> void:
	var arena := _begin({"blocks": 0})
	var reach := 2.0 + arena.settings.jump_height
	check(TagMap.WALL > reach, "a wall of %d m, reached: %f m" % [TagMap.WALL, reach])
	var border := arena.map.wall_shape.shape as BoxShape3D
	check(border.size.y / 2.0 > reach, "border up to %f m" % (border.size.y / 2.0))


func test_who_stands_on_a_wall_all_the_same_is_paid_by_the_straight_line() -> void:
	var arena := _begin({"blocks": 24})
	var map := arena.map
	var walls := range(map.cells * map.cells).filter(
		func(index: int) -> bool: return map.level_of(map.cell_at(index)) == TagMap.WALL
	)
	check(walls.size() > 0, "there are walls")
	_put(arena.players[1], map.top_of(map.cell_at(walls[0] as int)))
	for step: int in 2:
		arena.core.end_decision()
	for player: TagPlayer in arena.players:
		check(is_finite(player.agent.ledger.take_reward()), "%s's reward" % player.agent.agent_name)
		var ways := _ways_of(player.ways)
		check(Array(ways).all(func(value: float) -> bool: return is_finite(value)), "what it sees: %s" % ways)


func test_ways_to_a_cell_are_those_from_everywhere_to_it() -> void:
	var arena := _begin({"blocks": 24, "map_cells": 16})
	var paths := arena.map.paths
	for goal: int in [0, 37, 255]:
		var costs := paths.costs_to(goal)
		for index: int in costs.size():
			var there := paths.costs_from(index)[goal] if costs[index] != INF else INF
			check(is_equal_approx(costs[index], there), "from %d to %d: %f, %f" % [index, goal, costs[index], there])


func test_who_knows_the_map_sees_which_way_the_other_comes_and_which_way_leads_to_it() -> void:
	var arena := _begin({"blocks": 0})
	_put(arena.players[0], Vector3(1.0, 0.0, 1.0))
	_put(arena.players[1], Vector3(1.0, 0.0, -5.0))
	for i: int in 2:
		var ways := _ways_of(arena.players[i].ways)
		check_close(ways[0], 6.0 / 20.0, "way of %d" % i)
		# The hider is straight ahead of the seeker, who is behind it.
		var change := 2.0 / 6.0 * (-1.0 if i == 0 else 1.0)
		check_close(ways[1], change, "2 m ahead of %d" % i)
		check_close(ways[1 + 8], 2.0 * change, "4 m ahead of %d" % i)
		check_close(ways[1 + 4], -change, "2 m behind %d" % i)
		check_close(ways[17], 2.0 / 6.0, "from %d to the place 2 m ahead" % i)
		check_close(ways[33], 0.0, "how much higher that is")


func test_a_scripted_player_jumps_onto_a_block_and_walks_around_a_wall() -> void:
	var game := ChildGame.new({"seeker_speed": 5.0}, ["--arenas=4", "--control=heuristic"], SCENE)
	game.reset(3)
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	var rounds := 0
	var wins := 0.0
	var jumps := 0.0
	for decision: int in 320:
		game.step(idle)
		for agent: int in game.endings:
			# After the observation: episode, return, length, success, seven rewards, won, seeker, tags, tagged, it, jumps.
			var figures := game.endings[agent] as PackedFloat32Array
			if figures[117 + 12] == 1.0:
				rounds += 1
				wins += figures[117 + 11]
				jumps += figures[117 + 16]
	check(rounds >= 4, "rounds: %d" % rounds)
	check(wins >= 0.5 * rounds, "rounds won by scripted seekers: %f of %d" % [wins, rounds])
	check(jumps >= 1.0, "jumps of scripted seekers: %f" % jumps)
	check_equal(game.stop(), 0, "exit code")


func test_a_person_passes_on_to_the_next_player_and_its_own_is_played_by_who_played_that_one() -> void:
	var arena := _begin({})
	var roster := RLRoster.new([RLStage.new([arena.core], RLSchedule.new())])
	var assignment := RLAssignment.new(roster, RLOptions.new(["--control=human"]))
	var seeker := arena.agents[0]
	var hider := arena.agents[1]
	check(seeker.controller is RLHumanController, "a person plays the seeker")
	assignment.pass_person(seeker, hider)
	check(hider.controller is RLHumanController, "and then the hider")
	check(seeker.controller is RLHeuristicController, "its script plays the seeker")
	var person := hider.controller
	assignment.pass_person(seeker, hider)
	check_equal(hider.controller, person, "nobody passes on who is no person")


func _begin(settings: Dictionary) -> TagArena:
	var arena := build_arena(ARENA, settings) as TagArena
	arena.core.begin_episode(0)
	return arena


## Let a player stand beside another for a tick.
func _meet(arena: TagArena, one: int, other: int) -> void:
	_put(arena.players[one], Vector3.ZERO)
	_put(arena.players[other], Vector3(0.5, 0.0, 0.0))
	arena.core.advance(TICK)


func _let_time_pass(arena: TagArena) -> void:
	while not arena.core.is_finished():
		arena.core.advance(TICK)


func _put(player: TagPlayer, place: Vector3) -> void:
	RLPhysics.reset_body(player, Transform3D(Basis.IDENTITY, place))


func _won(arena: TagArena) -> Array:
	return arena.agents.map(func(agent: RLAgent) -> float: return agent.get_metric(&"won"))


func _ways_of(sensor: RLSensor) -> PackedFloat32Array:
	var floats := PackedFloat32Array()
	floats.resize(sensor.size)
	sensor.write(floats, 0)
	return floats


func _places(arena: TagArena) -> Array:
	return arena.players.map(func(player: TagPlayer) -> Vector3: return player.position)


func _heights(arena: TagArena) -> Array:
	var cells := range(arena.map.cells * arena.map.cells)
	return cells.map(func(cell: int) -> int: return arena.map.level_of(arena.map.cell_at(cell)))


func _self_of(player: TagPlayer) -> PackedFloat32Array:
	return _seen(player).slice(0, 12)


func _others_of(player: TagPlayer) -> PackedFloat32Array:
	return _seen(player).slice(12, 52)


func _seen(player: TagPlayer) -> PackedFloat32Array:
	var floats := PackedFloat32Array()
	floats.resize(player.agent.observation_size)
	player.agent.observe(floats, 0)
	return floats


func test_the_names_of_other_trainers_stand_for_the_same_numbers() -> void:
	var usual := TagParams.new().to_dict()
	var env := TagEnv.new()
	var found := env._scenario_params()
	env.free()
	for param: String in found:
		check_equal(found[param], usual[param], param)
