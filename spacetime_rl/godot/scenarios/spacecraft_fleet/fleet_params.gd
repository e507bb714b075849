class_name FleetParams
extends SpacecraftParams
## Every number of a fleet's approach that a run may override; those of a single landing are among them.

## Craft in the zone.
@export_range(2, 6) var crafts: int = 3
## Pads they share. One pad takes one craft at a time.
@export_range(1, 4) var pads: int = 2
## The pads stand on a circle of this radius, in metres.
@export_range(20.0, 80.0) var pad_circle_m: float = 50.0
## A landed craft is towed off its pad after this time, in seconds; then the next one may come.
@export_range(0.0, 60.0) var tow_s: float = 5.0
## Where no pad is free a craft waits this high above the pads, each further one `HOLD_STEP` higher, in metres.
@export_range(20.0, 300.0) var hold_height_m: float = 80.0
## It waits this far outside its pad, away from the other pads, in metres.
@export_range(10.0, 150.0) var hold_beside_m: float = 60.0
## Craft start at least this far from each other, in metres.
@export_range(10.0, 100.0) var start_gap_m: float = 50.0
## Craft keep this distance from each other in the air, in metres.
@export_range(5.0, 100.0) var keep_m: float = 30.0
## A collision; to both, beside `reward_crash`.
@export var reward_collision: float = -20.0
## Losing all of `keep_m` to another craft; a difference of a potential, like the approach.
@export var reward_keep: float = 10.0


func _launch_only() -> PackedStringArray:
	return super() + PackedStringArray(["crafts", "pads"])


func _init() -> void:
	# The last craft has to wait for a pad.
	time_limit_s = 120.0
