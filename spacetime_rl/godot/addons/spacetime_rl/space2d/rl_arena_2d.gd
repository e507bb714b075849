@icon("res://addons/spacetime_rl/icons/arena.svg")
class_name RLArena2D
extends Node2D
## Root of an arena scene in 2D: as RLArena, with places that are Vector2, in pixels.
##
## Override `_build`, `_begin_episode`, `_tick` and `_end_decision`. Each arena has a 2D physics world of its own.

## The scenario's parameters; each arena gets its own copy, complete before `_build`.
@export var params: RLParams:
	get:
		return core.params
	set(value):
		core.params = value

## Plays the episodes.
var core := RLArenaCore.new(self, RLSpace2D.new())
## The only source of randomness; seeded anew for every episode from (seed, episode).
var rng := core.rng
## The agents found below this node after `_build`.
var agents := core.agents
## Number of the running episode.
var episode: int:
	get:
		return core.episode
## Physics ticks since the episode began.
var ticks: int:
	get:
		return core.ticks
	set(value):
		core.ticks = value
## Ticks after which the agents still playing are truncated; 0 is no limit.
var max_ticks: int:
	get:
		return core.max_ticks
	set(value):
		core.max_ticks = value
## Place among the arenas of the process. Never let it influence the game.
var index: int:
	get:
		return core.index
## Number of the task that this arena plays, where there are several.
var task: int:
	get:
		return core.task


func _get_configuration_warnings() -> PackedStringArray:
	return RLSceneCheck.problems_of(self)


## Called once, in the tree, when `params` is known: spawn the players. Agents and their spaces are fixed after it.
func _build() -> void:
	pass


## Called at the start of every episode: put everything in its place, using `rng` alone. Free no physics body here.
func _begin_episode() -> void:
	pass


## Called every physics tick after all players have moved: rules, rewards, endings.
func _tick(_delta: float) -> void:
	pass


## Called once a decision, after its ticks and before the observations are read: rewards counted per decision.
func _end_decision() -> void:
	pass


## Override: places that a picture of the episode marks, by name, relative to the arena. Asked once an episode after
## `_begin_episode`, and only where traces are recorded.
func _landmarks() -> Dictionary[StringName, Vector2]:
	return {}


## Override: how near to a landmark counts as being there, in pixels, for those landmarks that have such a distance.
func _landmark_radii() -> Dictionary[StringName, float]:
	return {}


## Override where the world moves under its players: what to add to a position in the arena to get the place that it
## stands for, so that a trace does not jump.
func _origin() -> Vector2:
	return Vector2.ZERO
