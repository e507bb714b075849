class_name CrewParams
extends SpacecraftParams
## Every number of a pickup that a run may override; those of a landing are among them, with a low start and less wind.

## The stranded crew waits at least this far from the pad's middle, in metres.
@export_range(8.0, 18.0) var stranded_min_m: float = 9.0
## And at most this far, in metres.
@export_range(8.0, 18.0) var stranded_max_m: float = 17.0
## Boulders in the way, elsewhere every episode.
@export_range(0, 6) var boulders: int = 4
## Top walking speed, in m/s.
@export_range(0.5, 5.0) var walk_m_s: float = 2.5
## Top turning speed, in degrees a second.
@export_range(10.0, 360.0) var turn_deg_s: float = 120.0
## A hand this near to the stranded crew can take it along, in metres.
@export_range(0.5, 4.0) var reach_m: float = 1.5
## Within this distance of the craft's middle the walker is at its hatch, in metres.
@export_range(2.0, 6.0) var hatch_m: float = 3.0

## The walker: a metre nearer to where it has to go; a difference of a potential.
@export var reward_walk: float = 0.5
## The stranded crew is taken along, once.
@export var reward_pick_up: float = 10.0
## Back at the hatch with the stranded crew.
@export var reward_aboard: float = 20.0


func _init() -> void:
	start_height_min_m = 20.0
	start_height_max_m = 60.0
	wind_m_s = 4.0
	time_limit_s = 60.0


func _check() -> PackedStringArray:
	var problems := super()
	if stranded_min_m > stranded_max_m:
		problems.append("stranded_min_m: %s is above stranded_max_m %s" % [stranded_min_m, stranded_max_m])
	return problems
