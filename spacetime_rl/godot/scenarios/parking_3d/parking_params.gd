class_name ParkingParams
extends RLParams
## Every number of parking_3d that a run may override as `scenario.params.<name>`; in the editor, the arena's `params`.

## The bay to park in is drawn for every episode. Without it the bay is `target_bay`.
@export var random_target: bool = true
## Where the car starts, and which way it faces, is drawn for every episode. Without it the car starts at the left end
## of the aisle and faces along it.
@export var random_pos: bool = true
## Number of the bay to park in where it is not drawn: the upper row from left to right, then the lower row.
@export_range(0, 39) var target_bay: int = 3
## A drawn start is at most this far from the bay, along the aisle, in metres.
@export_range(0.0, 100.0) var start_reach_m: float = 100.0
## A drawn start faces away from the bay's own direction by at most this angle, in degrees; 180 is any direction.
@export_range(0.0, 180.0) var start_turn_deg: float = 180.0
## A drawn start is at most this far from the middle of the aisle, in metres, as far as the aisle is wide.
@export_range(0.0, 50.0) var start_aside_m: float = 50.0
## Share of the other bays with a parked car.
@export_range(0.0, 1.0) var parked_cars: float = 0.6
## How carelessly the others have parked: they are up to this far from the middle of their bays, in metres.
@export_range(0.0, 0.4) var parked_off_m: float = 0.2

## Bays on each side of the aisle.
@export_range(1, 20) var bays_per_row: int = 6
## Width of a bay, in metres; the car is 1.7 m wide.
@export_range(2.0, 6.0) var bay_width: float = 2.7
## Length of a bay, in metres; the car is 3.8 m long.
@export_range(4.2, 10.0) var bay_length: float = 5.2
## Width of the aisle between the two rows of bays, in metres.
@export_range(4.5, 30.0) var aisle_width: float = 7.0
## Room between the rows' ends and the hedge, in metres.
@export_range(2.0, 20.0) var end_room: float = 5.0

## What counts as parked. "bay": inside the bay, aligned, and standing for `hold_s`. "public": the definition of the
## public environment parking-v0, a weighted distance to the pose in the middle of the bay, nose first, below 0.12.
@export_enum("bay", "public") var success: String = "bay"
## How the car has to stand in the bay where `success` is "bay": nose first, tail first, or either.
@export_enum("any", "nose", "tail") var way_in: String = "any"
## The car is aligned up to this angle to the bay, in degrees.
@export_range(0.5, 45.0) var aligned_deg: float = 8.0
## The car stands below this speed, in metres a second.
@export_range(0.01, 2.0) var stopped_m_s: float = 0.15
## It has to stand for this long, in seconds.
@export_range(0.0, 5.0) var hold_s: float = 0.3
## A contact with a car or a hedge ends the episode.
@export var contact_ends: bool = true
## A contact counts as a new one after this long without, in seconds, where contacts do not end the episode.
@export_range(0.0, 5.0) var contact_pause_s: float = 0.5
## Game time after which an episode is truncated, in seconds.
@export_range(1.0, 600.0) var time_limit_s: float = 40.0

## One choice of 15 in place of two numbers: five positions of the steering wheel, by back, idle and ahead. For DQN.
@export var discrete: bool = false
## Top speed ahead, in metres a second.
@export_range(0.5, 20.0) var max_speed: float = 4.0
## Top speed backwards, in metres a second.
@export_range(0.5, 20.0) var max_reverse_speed: float = 2.5
## What full throttle adds to the speed, in m/s².
@export_range(0.2, 10.0) var acceleration: float = 2.5
## What the full brake takes from it, in m/s².
@export_range(0.5, 12.0) var braking: float = 5.0
## What the engine takes from it where no pedal is pressed, in m/s².
@export_range(0.0, 5.0) var idle_braking: float = 0.8
## Angle of the front wheels at full lock, in degrees: 35 turns on a circle of 3.4 m at the rear axle.
@export_range(5.0, 60.0) var max_steer_deg: float = 35.0
## How fast the front wheels turn, in degrees a second.
@export_range(5.0, 1000.0) var steer_rate_deg: float = 90.0

## Parked, which ends the episode.
@export var reward_success: float = 20.0
## A metre less of way to the bay, as a car drives, ahead and back on its curves; a metre more costs the same.
@export var reward_progress: float = 1.0
## A radian nearer to the bay's direction, next to the bay; it counts less with the distance, and away costs the same.
@export var reward_alignment: float = 1.0
## A new contact.
@export var reward_contact: float = -10.0
## A decision. At 5 decisions a second the default costs 0.5 a second.
@export var reward_time: float = -0.1
## A decision in terms of the public environment parking-v0: minus its weighted distance to the bay, times this.
@export var reward_public: float = 0.0

## A bug to plant on purpose, by the name of its file in the folder `bugs`; "none" plants none.
@export var bug: String = "none"


func _launch_only() -> PackedStringArray:
	return ["bays_per_row", "bay_width", "bay_length", "aisle_width", "end_room", "discrete"]


func _check() -> PackedStringArray:
	var problems: PackedStringArray = []
	if target_bay >= 2 * bays_per_row:
		problems.append(
			(
				"target_bay: expected at most %d, as there are %d bays; found %d"
				% [2 * bays_per_row - 1, 2 * bays_per_row, target_bay]
			)
		)
	return problems
