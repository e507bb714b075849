class_name BugParams
extends RLParams
## Every number of bug_reproduction that a run may override as `scenario.params.<name>`.

## The bug to make happen, by the name of its file in the folder `bugs`; "none" is a room without one.
@export_enum("chunk_race", "dash_through_wall", "trapped_in_pillar", "speed_without_end", "dead_button", "none")
var bug: String = "chunk_race"
## Game time after which an episode is truncated, in seconds.
@export_range(1.0, 300.0) var time_limit_s: float = 30.0

## Top walking speed, in metres a second.
@export_range(0.1, 10.0) var max_speed: float = 2.0
## Speed of a dash, in metres a second.
@export_range(1.0, 30.0) var dash_speed: float = 8.0
## How long a dash lasts, in seconds.
@export_range(0.05, 2.0) var dash_s: float = 0.25
## How long nobody can dash after a dash, in seconds.
@export_range(0.0, 10.0) var dash_pause_s: float = 1.0
## Top turning speed, in degrees a second.
@export_range(1.0, 720.0) var max_turn_deg: float = 180.0
## How near to the panel its button can be pressed, in metres.
@export_range(0.5, 5.0) var reach_m: float = 1.5

## The bug's oracle has seen it, which ends the episode.
@export var reward_reproduced: float = 100.0
## A hard change of direction: the player begins to turn faster than `hard_turn_rad_s`.
@export var reward_change: float = 1.0
## How often it is paid in an episode. Without a limit, turning would pay more than the bug.
@export_range(0, 1000) var changes_paid: int = 10
## Angular speed of a hard change of direction, in rad/s.
@export_range(0.1, 10.0) var hard_turn_rad_s: float = 2.0


func _launch_only() -> PackedStringArray:
	return ["bug"]
