@tool
class_name RLUnchangedBridge
extends RLBridge
## The bridge of an unchanged project: its only arena is the whole game, and it plays one episode in a process.
##
## It counts frames, each of which is one tick: a game that sets `Engine.time_scale` to 0 has no physics ticks.

const _DECISION_S := 0.2
const _ARENA := preload("rl_unchanged_arena.tscn")


func _init() -> void:
	name = "Bridge"
	process_priority = _LAST
	scenario_name = str(options.unchanged.get("name", "game"))
	action_repeat = maxi(1, roundi(options.physics_hz * _DECISION_S))
	arena_scene = _ARENA


func _physics_process(_delta: float) -> void:
	pass


func _process(delta: float) -> void:
	super._physics_process(delta)
