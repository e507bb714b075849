extends RLTest
## The rules of vr_interaction: who may hold the object, what is paid, when players are done.

const ARENA: PackedScene = preload("res://scenarios/vr_interaction/arena.tscn")
const SCENE := "res://scenarios/vr_interaction/vr_interaction.tscn"
const TICK := 1.0 / 90.0


func test_givers_and_takers_have_different_spaces_with_the_same_first_twelve_floats() -> void:
	var arena := _make_room({})
	var giver := _player(arena, &"giver")
	var taker := _player(arena, &"taker")
	check_equal(giver.agent.observation_size, 45, "floats of the giver")
	check_equal(taker.agent.observation_size, 42, "floats of the taker")
	check_equal(giver.agent.sensors[0].size, 12, "floats about the room")
	check_equal(taker.agent.sensors[0].size, 12, "floats about the room")
	check_equal(giver.agent.actions.map(_kind_of), ["continuous", "continuous", "discrete"], "giver's actions")
	check_equal(taker.agent.actions.map(_kind_of), ["continuous", "continuous", "continuous"], "taker's actions")


func test_every_role_begins_with_the_same_twelve_floats() -> void:
	for objective: String in ["gather", "avoid"]:
		for player: InteractionPlayer in _make_room({"objective": objective}).players:
			check_equal(player.agent.sensors[0].size, 12, "floats about the room")
			check_equal(player.agent.observation_size, 25 if objective == "gather" else 30, "floats")


func test_the_nearest_others_are_seen_in_the_own_frame_or_along_the_rooms_axes() -> void:
	for room_axes: bool in [false, true]:
		var arena := _make_room({"objective": "gather", "players": 2, "room_axes": room_axes})
		var player: InteractionPlayer = arena.players[0]
		player.global_transform = Transform3D(Basis(Vector3.UP, PI / 2.0), Vector3.ZERO)
		arena.players[1].global_position = Vector3(0.0, 0.0, -2.0)
		var seen := PackedFloat32Array()
		seen.resize(12)
		player.agent.sensors[0].write(seen, 0)
		# It looks along -x: what is 2 m along -z is to its right.
		var expected := Vector2(0.0, -0.1) if room_axes else Vector2(0.1, 0.0)
		check_close(Vector2(seen[3], seen[4]).distance_to(expected), 0.0, "x, z with room_axes %s" % room_axes, 1e-5)
		check_close(seen[5], 0.1, "distance", 1e-5)


func test_an_odd_number_of_players_cannot_cooperate() -> void:
	var params := InteractionParams.new()
	check_equal(params.apply({"players": 5}).size(), 1, "problems")
	check_equal(params.players, 4, "players after a refused change")
	check_equal(params.apply({"players": 5, "objective": "gather"}).size(), 0, "problems")


func test_a_closed_hand_at_the_object_takes_it_along() -> void:
	var arena := _make_room({})
	var pair := _pair(arena)
	_grab(pair)
	check_equal(pair.holder, HandOver.Holder.GIVER, "holder")
	pair.giver.hand += Vector3(0.0, 0.5, 0.0)
	pair.tick(TICK)
	check_equal(pair.object.global_position, pair.giver.hand, "place of the object")


func test_an_open_hand_lets_the_object_fall_only_after_a_while() -> void:
	var arena := _make_room({"release_s": 0.1})
	var pair := _pair(arena)
	_grab(pair)
	pair.giver.grip = false
	pair.tick(TICK)
	check_equal(pair.holder, HandOver.Holder.GIVER, "holder after a tick")
	for tick: int in 10:
		pair.tick(TICK)
	check_equal(pair.holder, HandOver.Holder.NOBODY, "holder in the end")
	check_equal(pair.giver.agent.get_metric(&"drops"), 1.0, "drops")


func test_a_ready_taker_takes_the_object_at_once_and_keeping_it_is_success() -> void:
	var arena := _make_room({"keep_s": 0.1})
	var pair := _pair(arena)
	_grab(pair)
	_hand_over(pair)
	check_equal(pair.holder, HandOver.Holder.TAKER, "holder")
	for tick: int in 10:
		pair.tick(TICK)
	check(pair.giver.agent.success and pair.taker.agent.success, "both succeed")
	check(not pair.giver.agent.active and not pair.taker.agent.active, "both are done")
	check(_pair(arena, 1).giver.agent.active, "the other pair goes on")


func test_handing_over_twice_pays_once() -> void:
	var arena := _make_room({"reward_drop": 0.0})
	var pair := _pair(arena)
	_grab(pair)
	_hand_over(pair)
	pair.taker.grip = false
	pair.tick(TICK)
	check_equal(pair.holder, HandOver.Holder.NOBODY, "holder after the taker let go")
	var paid := pair.giver.agent.ledger.take_reward()
	_grab(pair)
	_hand_over(pair)
	check_close(paid, pair.params.reward_grab + pair.params.reward_hand_over, "the first time")
	check_close(pair.giver.agent.ledger.take_reward(), 0.0, "the second time")
	check_equal(pair.giver.agent.get_metric(&"hand_overs"), 2.0, "hand-overs")


func test_a_caught_runner_is_out_and_the_others_go_on() -> void:
	var arena := _make_room({"objective": "avoid", "players": 4})
	var chaser := _player(arena, &"chaser")
	var runners := arena.players.filter(func(p: InteractionPlayer) -> bool: return p != chaser)
	var caught: InteractionPlayer = runners[0]
	for i: int in runners.size():
		_move_to(runners[i] as InteractionPlayer, Vector3(3.0 * (i - 1), 0.0, 3.0))
	_move_to(chaser, caught.global_position + Vector3(0.5, 0.0, 0.0))
	arena.objective.tick(TICK)
	check(not caught.agent.active and not caught.agent.success, "the runner is out")
	check(chaser.agent.active and (runners[1] as InteractionPlayer).agent.active, "the others go on")
	check(InteractionPilot.nearest_rival(chaser) != caught, "the chaser has another rival now")
	check_equal(_crowd_of(chaser).slice(9), PackedFloat32Array([0.0, 0.0, 0.0]), "a third fellow")
	arena.core.begin_episode()
	check(caught.present and caught.agent.active, "the runner is back in the next episode")


func test_staying_together_without_contact_is_gathering() -> void:
	var arena := _make_room({"objective": "gather", "gather_s": 0.1})
	for i: int in arena.players.size():
		_move_to(arena.players[i], Vector3(0.8, 0.0, 0.0).rotated(Vector3.UP, TAU * i / arena.players.size()))
	for tick: int in 10:
		arena.objective.tick(TICK)
	arena.objective.decide()
	check(arena.players.all(func(p: InteractionPlayer) -> bool: return p.agent.success), "all succeed")


func test_an_episode_is_the_same_in_every_arena_and_after_other_episodes() -> void:
	var game := ChildGame.new({}, ["--arenas=3", "--action_repeat=6"], SCENE)
	game.reset(7)
	var first := _play(game, 40, 2)
	game.reset(7, 2, 3)
	var again := _play(game, 40, 0)
	check_equal(first.hash(), again.hash(), "what is seen of episode 2 in arena 0 and in arena 2")
	check_equal(game.stop(), 0, "exit code")


func test_the_scripted_players_succeed_now_and_then() -> void:
	var game := ChildGame.new({}, ["--arenas=4", "--action_repeat=6", "--control=heuristic"], SCENE)
	game.reset(1)
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	var successes := 0
	for decision: int in 230:
		game.step(idle)
		for agent: int in game.endings:
			# After the observation (42 or 45 floats): episode, return, length, success.
			successes += int(game.endings[agent][(45 if agent < 8 else 42) + 3])
	check(successes >= 4, "successes of 16 players: %d" % successes)
	game.stop()


func _play(game: ChildGame, decisions: int, arena: int) -> Array[PackedFloat32Array]:
	var seen: Array[PackedFloat32Array] = []
	var actions := PackedFloat32Array()
	actions.resize(game.action_size())
	actions.fill(0.4)
	for decision: int in decisions:
		# Two givers and two takers an arena, three arenas: givers come first.
		for agent: int in [2 * arena, 2 * arena + 1, 6 + 2 * arena, 7 + 2 * arena]:
			seen.append(game.observations[agent])
		game.step(actions)
	return seen


func _make_room(values: Dictionary) -> InteractionArena:
	var arena: InteractionArena = ARENA.instantiate()
	arena.params = arena.params.duplicate() as RLParams
	check_equal(arena.params.apply(values).size(), 0, "problems with %s" % values)
	add_child(arena)
	arena.core.build(0, RLSchedule.new())
	arena.core.begin_episode()
	return arena


func _player(arena: InteractionArena, role: StringName) -> InteractionPlayer:
	for player: InteractionPlayer in arena.players:
		if player.agent.policy_name == role:
			return player
	return null


func _pair(arena: InteractionArena, number: int = 0) -> HandOver:
	return (arena.objective as CooperateObjective).pairs[number]


func _grab(pair: HandOver) -> void:
	pair.giver.hand = pair.object.global_position
	pair.giver.grip = true
	pair.tick(TICK)


func _hand_over(pair: HandOver) -> void:
	pair.taker.hand = pair.giver.hand
	pair.taker.grip = true
	pair.giver.grip = false
	pair.tick(TICK)


func _move_to(player: InteractionPlayer, place: Vector3) -> void:
	RLPhysics.reset_body(player, Transform3D(Basis.IDENTITY, place))


func _kind_of(action: RLAction) -> String:
	return action.kind()


func _crowd_of(player: InteractionPlayer) -> PackedFloat32Array:
	var floats := PackedFloat32Array()
	floats.resize(12)
	player.agent.sensors[0].write(floats, 0)
	return floats
