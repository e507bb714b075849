class_name LocomotionParams
extends RLParams
## Every number of vr_locomotion that a run may override as `scenario.params.<name>`.

## What the table "first_agent" calls close to an obstacle, in metres, and a harsh turn, as a share of the stick's way.
const CLOSE_M := 0.5
const HARSH := 0.8

## Waypoints of a course.
@export_range(1, 40) var waypoints: int = 8
## Straight distance from one waypoint to the next at least, in metres.
@export_range(2.0, 15.0) var leg_min: float = 5.0
## Straight distance from one waypoint to the next at most, in metres.
@export_range(2.0, 15.0) var leg_max: float = 9.0
## A course bends by up to this at a waypoint, in degrees.
@export_range(0.0, 180.0) var bend_deg: float = 100.0
## A waypoint is reached within this distance, in metres.
@export_range(0.3, 3.0) var waypoint_radius: float = 0.8
## Share of the legs with an obstacle in the straight way.
@export_range(0.0, 1.0) var blocked_legs: float = 0.5
## Further obstacles on a hundred square metres.
@export_range(0.0, 4.0) var obstacles: float = 1.5
## Room between any two obstacles, in metres; the player is 0.5 m wide.
@export_range(1.0, 5.0) var gap: float = 2.0
## Game time after which an episode is truncated, in seconds; a course has to be finished before.
@export_range(1.0, 600.0) var time_limit_s: float = 60.0

## Top walking speed, in metres a second.
@export_range(0.1, 10.0) var max_speed: float = 3.0
## How fast the velocity follows the left stick, in m/s².
@export_range(1.0, 100.0) var acceleration: float = 8.0
## Angle of a snap turn, in degrees.
@export_range(1.0, 90.0) var snap_deg: float = 30.0
## The right stick beyond this snaps, at once and again and again while it is held there.
@export_range(0.1, 0.95) var snap_threshold: float = 0.5
## Time from one snap to the next at least, in seconds.
@export_range(0.0, 10.0) var snap_pause_s: float = 0.25
## Length of a teleport, in metres; an obstacle in the way or a landing off the floor blocks it.
@export_range(0.5, 10.0) var teleport_m: float = 3.0
## Time from one teleport, or one that was blocked, to the next at least, in seconds; a trigger that is held goes on.
@export_range(0.0, 10.0) var teleport_pause_s: float = 2.0
## A touch of the same obstacle counts as a new collision after this long without, in seconds.
@export_range(0.0, 5.0) var contact_pause_s: float = 0.5

## Whether there is a comfort vignette, and its intensity in the observation.
@export var comfort: bool = true
## Walking faster than this fires the vignette, in metres a second.
@export_range(0.1, 20.0) var vignette_speed: float = 2.7
## Accelerating more than this fires it, in m/s², measured over about a quarter of a second.
@export_range(0.1, 100.0) var vignette_acceleration: float = 6.0
## Turning more than this fires it, in degrees a second, measured over about half a second: snaps in a row
## beyond 120°.
@export_range(1.0, 1000.0) var vignette_turn_deg: float = 130.0

## Whether rays observe 1 where an obstacle is within reach and 0 where none is, with diagonals of 2.12 m, as the guide
## defines them. Without it they observe the free share of 2 m ahead and of 1.5 m to the sides.
@export var near_rays: bool = false
## Whether the position of the head and of both hands is observed, too: 9 more floats.
@export var observe_tracking: bool = false

## What is paid: "course" the table of the guide's scenario 1, "first_agent" that of its first agent, which has the
## terms `reward_step` to `reward_harsh_turn`, `reward_waypoint` and `reward_timeout`, and no other.
@export_enum("course", "first_agent") var reward_table: String = "course"
## A decision alive, times the share of full-speed progress that it made: of metres nearer to the waypoint than ever
## before. Otherwise standing about would pay.
@export var reward_alive: float = 0.1
## Reaching a waypoint.
@export var reward_waypoint: float = 1.0
## The vignette fires.
@export var reward_vignette: float = -0.5
## A new contact with an obstacle or a wall.
@export var reward_collision: float = -1.0
## A decision, times the square of the vignette's intensity at its end.
@export var reward_strain: float = 0.0
## The course is finished without a vignette and without a collision.
@export var reward_clean: float = 0.0
## The time is up.
@export var reward_timeout: float = -5.0

## Every decision. This and the next three are paid with the table "first_agent" only.
@export var reward_step: float = 0.01
## A decision, divided by the metres to the waypoint; within the last metre it is not divided.
@export var reward_near: float = 0.1
## A decision with an obstacle within `CLOSE_M` of the ray ahead.
@export var reward_close: float = -1.0
## A decision with the right stick beyond `HARSH`.
@export var reward_harsh_turn: float = -0.1

## A bug to plant on purpose, by the name of its file in the folder `bugs`; "none" plants none.
@export var bug: String = "none"


func _launch_only() -> PackedStringArray:
	return ["waypoints", "comfort", "near_rays", "observe_tracking", "reward_table"]


func _check() -> PackedStringArray:
	if leg_min > leg_max:
		return ["leg_min %s is more than leg_max %s" % [leg_min, leg_max]]
	return []
