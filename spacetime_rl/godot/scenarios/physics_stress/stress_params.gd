class_name StressParams
extends RLParams
## Every number of physics_stress that a run may override as `scenario.params.<name>`.

## What the rewards pay for: frames within the budget, or frames that break it.
@export_enum("hold", "break") var goal: String = "hold"
## Frames (physics ticks) of an episode.
@export_range(60, 100000) var frames: int = 1000
## What a frame may take, in milliseconds: the headset's rate, or less to leave time for the rest of a game.
@export_range(0.1, 100.0) var budget_ms: float = 11.11
## Frames of an episode that may take longer: the machine has other work, too.
@export_range(0, 100000) var spare_frames: int = 10
## Edge of the square room, in metres.
@export_range(4.0, 50.0) var room_m: float = 12.0
## Bodies that there may be.
@export_range(10, 2000) var most_bodies: int = 1000
## Bodies that lie about when an episode begins.
@export_range(0, 2000) var first_bodies: int = 40
## Speed that a throw at full force gives, in metres a second.
@export_range(0.0, 100.0) var throw_speed: float = 12.0
## Particles of an effect.
@export_range(1, 10000) var particles: int = 256
## A body jitters that turns back this often within a third of a second
@export_range(1, 30) var jitter_turns: int = 6
## and is no further from where it was than this, in metres.
@export_range(0.0, 1.0) var jitter_m: float = 0.02

## A frame within the budget.
@export var reward_in_budget: float = 1.0
## A frame over the budget.
@export var reward_over_budget: float = -10.0
## A body that jitters.
@export var reward_jitter: float = -5.0

## A bug to plant on purpose, by the name of its file in the folder `bugs`; "none" plants none.
@export var bug: String = "none"


func _launch_only() -> PackedStringArray:
	return ["room_m", "most_bodies", "particles"]


func _check() -> PackedStringArray:
	if first_bodies > most_bodies:
		return ["first_bodies %d is more than most_bodies %d" % [first_bodies, most_bodies]]
	return []
