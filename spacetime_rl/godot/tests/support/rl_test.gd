class_name RLTest
extends Node
## Base of the headless tests: checks that say what they found, and arenas of the touch fixture to try things on.

const _ARENA: PackedScene = preload("res://tests/fixtures/touch/touch_arena.tscn")


## Fail unless `holds`.
func check(holds: bool, message: String) -> void:
	if not holds:
		push_error(message)


## Fail unless both are the same.
func check_equal(found: Variant, expected: Variant, what: String = "value") -> void:
	var same: bool = found == expected
	check(same, "%s: found %s, expected %s" % [what, found, expected])


## Fail unless two numbers are within `tolerance`.
func check_close(found: float, expected: float, what: String = "number", tolerance: float = 1e-4) -> void:
	check(absf(found - expected) <= tolerance, "%s: found %f, expected %f" % [what, found, expected])


## Wait for physics ticks.
func wait_ticks(count: int) -> void:
	for i: int in count:
		await get_tree().physics_frame


## An arena of the touch fixture in a world of its own, built, with its first episode not yet begun.
func make_arena(settings: Dictionary = {}, seed_value: int = 1) -> TouchArena:
	return build_arena(_ARENA, settings, seed_value) as TouchArena


## An arena of a scene in a world of its own, built, with its first episode not yet begun.
func build_arena(scene: PackedScene, settings: Dictionary, seed_value: int = 0) -> RLArena:
	return _build_core(scene, settings, seed_value).root as RLArena


## As `build_arena`, for a 2D game.
func build_arena_2d(scene: PackedScene, settings: Dictionary, seed_value: int = 0) -> RLArena2D:
	return _build_core(scene, settings, seed_value).root as RLArena2D


## Check that an episode of a scene with one agent an arena is the same in every arena and after other episodes.
##
## Three arenas play; `act` gives the actions of all of their agents by the number of the decision.
func check_same_episodes(scene: String, params: Dictionary, decisions: int, act: Callable) -> void:
	var game := ChildGame.new(params, ["--arenas=3"], scene)
	game.reset(7)
	var first := _see_episode(game, 2, decisions, act)
	game.reset(7, 2, 3)
	var again := _see_episode(game, 0, decisions, act)
	check_equal(again.hash(), first.hash(), "what is seen of episode 2 in arena 0 and in arena 2")
	game.reset(8, 2, 3)
	check(_see_episode(game, 0, decisions, act).hash() != first.hash(), "another seed is another episode")
	check_equal(game.stop(), 0, "exit code")


func _see_episode(game: ChildGame, arena: int, decisions: int, act: Callable) -> Array[PackedFloat32Array]:
	var seen: Array[PackedFloat32Array] = []
	for decision: int in decisions:
		seen.append(game.observations[arena])
		game.step(act.call(decision) as PackedFloat32Array)
	return seen


func _build_core(scene: PackedScene, settings: Dictionary, seed_value: int) -> RLArenaCore:
	var world := SubViewport.new()
	world.own_world_3d = true
	world.size = Vector2i(2, 2)
	world.render_target_update_mode = SubViewport.UPDATE_DISABLED
	world.gui_disable_input = true
	add_child(world)
	var root := scene.instantiate()
	var core := RLArenaCore.of(root)
	core.params = core.params.duplicate() as RLParams
	check_equal(core.params.apply(settings), PackedStringArray(), "problems with %s" % settings)
	world.add_child(root)
	var schedule := RLSchedule.new()
	schedule.seed_value = seed_value
	core.build(0, schedule)
	return core
