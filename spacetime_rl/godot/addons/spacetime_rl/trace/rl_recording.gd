class_name RLRecording
extends RefCounted
## One arena's episode while it is recorded.

var arena: RLArenaCore
## They watch the episode.
var oracles: RLOracles


func _init(of_arena: RLArenaCore, watching: RLOracles) -> void:
	arena = of_arena
	oracles = watching


## Override: the arena's next episode has begun; the trace says what is recorded of it.
func begin(_trace: RLTrace) -> void:
	pass


## Override: an active agent of the arena sees this.
func note_observation(_agent: RLAgent, _observation: PackedFloat32Array) -> void:
	pass


## Override: an active agent of the arena does this next.
func note_action(_agent: RLAgent, _action: PackedFloat32Array) -> void:
	pass


## Override: a decision is over.
func note_decision() -> void:
	pass


## Override: everything there is to say about the episode so far, for JSON and tables beside it.
func to_dict(_tables: RLTables) -> Dictionary:
	return {}


## What stands around the agents, when an episode has begun.
func surroundings() -> Dictionary:
	return {
		"episode": arena.episode,
		"outline": arena.space.outline_of(arena.root),
		"landmarks": _landmarks(),
		"unit": arena.space.unit(),
		"radii": arena.root.call(&"_landmark_radii"),
	}


func _landmarks() -> Dictionary:
	var found := {}
	var places := arena.space.landmarks_of(arena.root)
	for landmark: StringName in places:
		var at := places[landmark]
		found[String(landmark)] = [at.x, at.y, at.z]
	return found
