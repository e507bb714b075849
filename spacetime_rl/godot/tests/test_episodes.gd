extends RLTest
## An episode is reproduced bit for bit by its seed and number alone, wherever and after whatever it is played.

## Players and a ball in a small room, who never finish: every episode is DECISIONS long.
const CROWD := {"walkers": 3, "jumpers": 2, "room_m": 4.5, "touch_m": 0.0, "max_ticks": 120}
const DECISIONS := 20
const WANTED := 9


func test_the_first_and_the_tenth_episode_of_an_arena_are_the_same_for_one_number() -> void:
	_check_same(_trace(1, WANTED, 0), _trace(1, 0, WANTED), "tenth")


func test_arena_5_plays_an_episode_as_arena_0_does() -> void:
	_check_same(_trace(1, WANTED, 0), _trace(6, WANTED - 5, 0), "arena 5")


func test_arena_3_plays_it_as_its_second_episode_just_the_same() -> void:
	_check_same(_trace(1, WANTED, 0), _trace(6, 0, 1), "arena 3, second")


func test_another_seed_or_number_is_another_episode() -> void:
	var wanted := _trace(1, WANTED, 0)
	check(wanted[0] != _trace(1, WANTED, 0, 2)[0], "another seed begins alike")
	var game := ChildGame.new(CROWD)
	game.reset(1, WANTED + 1)
	check(wanted[0] != game.observations[0], "another number begins alike")
	game.stop()


func test_a_run_may_set_how_many_decisions_an_episode_lasts() -> void:
	var game := ChildGame.new({"touch_m": 0.0, "max_ticks": 60}, ["--action_repeat=3", "--episode_steps=4"])
	game.reset(1)
	for decision: int in 3:
		game.step(PackedFloat32Array([0, 0, 0, 0, 0, 0, 0]))
		check_equal(game.endings.size(), 0, "endings after %d decisions" % (decision + 1))
	game.step(PackedFloat32Array([0, 0, 0, 0, 0, 0, 0]))
	check_equal(game.flags[0], RLRoster.TRUNCATED | RLRoster.ACTIVE, "flags")
	check_equal(game.stop(), 0, "exit code")


# Observations and rewards of the wanted episode, which one of the arenas plays after `before` others.
func _trace(arenas: int, first: int, before: int, seed_value: int = 1) -> Array[PackedFloat32Array]:
	var game := ChildGame.new(CROWD, ["--arenas=%d" % arenas])
	game.reset(seed_value, first)
	var trace: Array[PackedFloat32Array] = []
	for decision: int in DECISIONS * (before + 1):
		var round_number := floori(float(decision) / DECISIONS)
		var wanted_arena := WANTED - first - round_number * arenas
		if round_number == before:
			trace.append_array(_of_arena(game, wanted_arena, arenas, decision % DECISIONS == 0))
		game.step(_actions(arenas, first + round_number * arenas, decision % DECISIONS))
	check_equal(game.stop(), 0, "exit code")
	return trace


func _of_arena(game: ChildGame, arena: int, arenas: int, is_first: bool) -> Array[PackedFloat32Array]:
	var result: Array[PackedFloat32Array] = []
	for group: Vector2i in [Vector2i(0, 3), Vector2i(3 * arenas, 2)]:
		for i: int in group.y:
			var agent := group.x + arena * group.y + i
			result.append(game.observations[agent])
			if not is_first:
				result.append(PackedFloat32Array([game.rewards[agent]]))
	return result


# Actions that depend on the episode and the decision only; changed every five decisions so that players get somewhere.
func _actions(arenas: int, first_number: int, decision: int) -> PackedFloat32Array:
	var actions := PackedFloat32Array()
	for width: int in [3 * 2, 2 * 3]:
		for arena: int in arenas:
			var rng := RandomNumberGenerator.new()
			rng.seed = hash([first_number + arena, floori(decision / 5.0)])
			for i: int in width:
				actions.append(rng.randf_range(-1.0, 1.0))
	return actions


func _check_same(expected: Array[PackedFloat32Array], found: Array[PackedFloat32Array], what: String) -> void:
	check_equal(found.size(), expected.size(), "%s: vectors" % what)
	for i: int in expected.size():
		if found[i] != expected[i]:
			push_error("%s: vector %d is %s, expected %s" % [what, i, found[i], expected[i]])
			return
