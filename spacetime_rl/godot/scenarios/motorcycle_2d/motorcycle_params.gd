class_name MotorcycleParams
extends RLParams
## Every number of motorcycle_2d that a run may override as `scenario.params.<name>`.
##
## In the editor: open arena.tscn, select its root, and unfold `Params` in the inspector.

## How the rider acts: two numbers (drive and lean), or one of nine choices, which is what DQN needs.
@export_enum("continuous", "discrete") var actions: String = "continuous"

@export_group("Track")
## From the start to the finish, in metres.
@export_range(20.0, 500.0) var track_m: float = 100.0
## Other hills in every episode. Without it every episode has the hills of the same, first track.
@export var random_hills: bool = true
## Slope of the steepest place of a track, in degrees. At 0 the track is flat.
@export_range(0.0, 45.0) var hills_deg: float = 38.0
## Oil on the track, at other places in every episode. Without it there is none.
@export var random_oil: bool = true
## Patches of oil at most; an episode has 0 to this many.
@export_range(0, 20) var oil_patches: int = 6
## Length of a patch of oil at most, in metres; the shortest ones are a third of it.
@export_range(0.5, 20.0) var oil_m: float = 4.0
## Friction coefficient of the tyres on oil.
@export_range(0.0, 2.0) var oil_grip: float = 0.15
## Friction coefficient of the tyres on the ground.
@export_range(0.1, 2.0) var grip: float = 1.0
## Wind from ahead or behind, in gusts, another one in every episode. Without it the air stands still.
@export var random_wind: bool = true
## Speed of the strongest gust at most, in metres a second.
@export_range(0.0, 60.0) var wind_m_s: float = 18.0

@export_group("Motorcycle")
## Greatest force of the engine at the rear tyre, in newtons; it fades to nothing towards the top speed.
@export_range(0.0, 10000.0) var engine_n: float = 1700.0
## Speed at which the engine has no force left, in metres a second.
@export_range(1.0, 60.0) var top_speed: float = 18.0
## Greatest force of both brakes together, in newtons.
@export_range(0.0, 10000.0) var brake_n: float = 1500.0
## How far the rider leans to the front and to the back, in degrees.
@export_range(0.0, 80.0) var lean_deg: float = 35.0
## Torque by which a full lean turns the motorcycle, beside the weight that it moves, in newton metres.
@export_range(0.0, 2000.0) var lean_torque: float = 220.0
## Drag: force in newtons at one metre a second against the air; it grows with the square of that speed.
@export_range(0.0, 10.0) var drag: float = 0.45

@export_group("Rules")
## Game time after which an episode is truncated, in seconds.
@export_range(1.0, 600.0) var time_limit_s: float = 15.0
## A motorcycle that is turned further from upright than this has crashed, in degrees; at 180 somersaults are allowed.
@export_range(45.0, 180.0) var crash_deg: float = 120.0
## Upright at the finish is up to this far from vertical, in degrees.
@export_range(5.0, 90.0) var finish_deg: float = 50.0

@export_group("Rewards")
## A metre nearer to the finish than ever before.
@export var reward_progress: float = 0.1
## Crossing the finish upright.
@export var reward_finish: float = 10.0
## Rider or frame on the ground, or upside down.
@export var reward_crash: float = -10.0
## A decision.
@export var reward_time: float = -0.01
## The time is up.
@export var reward_timeout: float = -5.0

@export_group("")
## A bug to plant on purpose, by the name of its file in the folder `bugs`; "none" plants none.
@export var bug: String = "none"


func _launch_only() -> PackedStringArray:
	return ["actions"]
