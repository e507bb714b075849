class_name RLUnchangedArena
extends Node
## The whole of an unchanged game as one arena with one agent, which has a keyboard, a pointer and a few nodes to watch.
##
## The game's scenes are not below it. An episode begins with the process, so there is nothing to put back in its place.

const _AGENT := &"player"

## Plays the episode.
var core := RLArenaCore.new(self, RLUnchangedSpace.new(self))
## The nodes that are watched.
var watch: RLUnchangedWatch

var _hands: RLUnchangedHands


func _build() -> void:
	var settings := RLOptions.from_command_line().unchanged
	watch = RLUnchangedWatch.new(get_tree(), settings)
	core.scope = get_tree().root
	core.make_hash = func(arena: RLArenaCore) -> RLStateHash: return RLUnchangedHash.new(arena, watch)
	core.max_ticks = roundi((settings.get("seconds", 30.0) as float) * Engine.physics_ticks_per_second)
	var agent := RLUnchangedAgent.new()
	agent.name = "Player"
	agent.policy_name = _AGENT
	agent.agent_name = _AGENT
	_hands = RLUnchangedHands.new(agent, watch, settings)
	var eyes := RLUnchangedSensor.new()
	eyes.watch = watch
	agent.add_child(eyes)
	add_child(agent)
	get_tree().physics_frame.connect(_hands.move)
	get_tree().process_frame.connect(_hands.move)  # without physics ticks, at a time scale of 0


func _begin_episode() -> void:
	watch.look()


func _tick(_delta: float) -> void:
	if watch.has_changed():
		watch.look()
		core.note_change()


func _end_decision() -> void:
	watch.look()


func _landmark_radii() -> Dictionary[StringName, float]:
	return {}
