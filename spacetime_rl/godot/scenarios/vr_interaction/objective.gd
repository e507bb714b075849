class_name InteractionObjective
extends RefCounted
## What the players of a room are there for: who plays, where they start, what is rewarded and when it is over.

var arena: InteractionArena
var params: InteractionParams


func _init(for_arena: InteractionArena) -> void:
	arena = for_arena
	params = for_arena.settings


## Add the players, once.
func build() -> void:
	pass


## Place everything for a new episode.
func begin() -> void:
	pass


## One physics tick, after the players moved.
func tick(_delta: float) -> void:
	pass


## One decision: pay the rewards of the ticks since the last one.
func decide() -> void:
	pass


## Places that a picture of the episode marks, by name.
func landmarks() -> Dictionary[StringName, Vector3]:
	return {}


## How near to them counts as being there, in metres.
func landmark_radii() -> Dictionary[StringName, float]:
	return {}


## The time limit has passed. Whoever is still playing after this is truncated without success.
func time_out() -> void:
	pass
