class_name SeededBug
extends Node
## A bug that is planted on purpose, to see whether a playtest finds it: one file in the scenario's folder `bugs`.
##
## The scenario's parameter `bug` names it. `spacetime_rl/playtest/seeded.py` lists all of them. It acts every tick,
## after the players.

const NONE := "none"

## Where it is planted. Null in a 2D game, which has `arena_2d`.
var arena: RLArena
## Where it is planted in a 2D game; null in 3D.
var arena_2d: RLArena2D

var _core: RLArenaCore


## Plant a bug of the arena's scenario by its name; "none" plants nothing. Call it at the end of `_build`.
static func plant(into: Node, called: String) -> void:
	if called == NONE:
		return
	var path := "%s/bugs/%s.gd" % [into.scene_file_path.get_base_dir(), called]
	if not ResourceLoader.exists(path):
		push_error("parameter 'bug': there is no bug '%s' in this scenario" % called)
		return
	var bug: SeededBug = (load(path) as GDScript).new()
	bug.name = "SeededBug"
	bug.arena = into as RLArena
	bug.arena_2d = into as RLArena2D
	bug._core = RLArenaCore.of(into)
	into.add_child(bug)


func _physics_process(delta: float) -> void:
	if not _core.is_running():
		return
	if _core.ticks == 0:  # an episode may be played again under the same number
		_begin()
	_act(delta)


## Override: an episode has begun.
func _begin() -> void:
	pass


## Override: a tick of the episode.
func _act(_delta: float) -> void:
	pass
