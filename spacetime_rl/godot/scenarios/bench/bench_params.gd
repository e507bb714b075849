class_name BenchParams
extends RLParams
## Every number of bench that a run may override as `scenario.params.<name>`.

## Walkers in the room; floor and boxes grow with them, so that it is equally crowded for any number.
@export_range(1, 256) var players: int = 8
## Game time after which an episode is truncated, in seconds.
@export_range(0.1, 300.0) var time_limit_s: float = 20.0
## Goals that a walker has to reach in an episode to have succeeded.
@export_range(1, 100) var goals: int = 3
## A goal this near is reached, in metres.
@export_range(0.1, 5.0) var goal_radius: float = 0.8

## A goal reached.
@export var reward_goal: float = 5.0
## A metre nearer to the goal.
@export var reward_progress: float = 1.0
## Every second.
@export var reward_time: float = -0.1

## A bug to plant on purpose, by the name of its file in the folder `bugs`; "none" plants none.
@export var bug: String = "none"


func _launch_only() -> PackedStringArray:
	return ["players"]
