class_name NavigationParams
extends RLParams
## Every number of vr_navigation that a run may override as `scenario.params.<name>`.

## Length of the map's sides, in metres; beyond them one falls.
@export_range(16.0, 100.0) var map_size: float = 40.0
## Straight distance from the start to the goal at least, in metres.
@export_range(2.0, 60.0) var goal_distance_min: float = 5.0
## Straight distance from the start to the goal at most, in metres.
@export_range(2.0, 60.0) var goal_distance_max: float = 30.0
## The goal is reached within this distance, in metres.
@export_range(0.2, 3.0) var goal_radius: float = 0.5
## Obstacles on a hundred square metres; one more always stands in the straight way to the goal.
@export_range(0.0, 6.0) var obstacles: float = 4.0
## Share of the maps where that one is a corner of two walls, open towards the start.
@export_range(0.0, 1.0) var corners: float = 0.5
## Share of the maps that are mazes: high walls and a single way, with dead ends. The distance to the goal is that of
## the straight line there, too, as far as the middles of cells allow.
@export_range(0.0, 1.0) var mazes: float = 0.0
## Room between any two obstacles, in metres; the player is 0.5 m wide.
@export_range(0.7, 5.0) var gap: float = 1.2
## Game time after which an episode is truncated, in seconds: 1000 decisions of 8 ticks.
@export_range(1.0, 600.0) var time_limit_s: float = 88.88

## Top walking speed, in metres a second.
@export_range(0.1, 10.0) var max_speed: float = 2.0
## Top turning speed, in degrees a second.
@export_range(1.0, 720.0) var max_turn_deg: float = 90.0
## Share of a new stick position taken over within 8 ticks: lower is smoother and slower to answer.
@export_range(0.01, 1.0) var smoothing: float = 0.3
## A touch of the same obstacle counts as a new collision after this long without, in seconds.
@export_range(0.0, 5.0) var contact_pause_s: float = 0.5
## A jump of the body counts as an excess teleport beyond this multiple of what the top speed allows in a tick.
@export_range(1.0, 100.0) var teleport_excess: float = 3.0

## Comfort: share of the top turning speed above which comfort is lost.
@export_range(0.0, 1.0) var comfort_turn_share: float = 0.7
## Comfort that turning faster than that costs.
@export_range(0.0, 1.0) var comfort_turn_cost: float = 0.3
## Comfort: share of the top speed above which comfort is lost.
@export_range(0.0, 1.0) var comfort_speed_share: float = 0.8
## Comfort that moving faster than that costs.
@export_range(0.0, 1.0) var comfort_speed_cost: float = 0.2
## Comfort: roll of the head above which comfort is lost, in rad.
@export_range(0.0, 1.6) var comfort_roll_limit: float = 0.3
## Comfort that a greater roll costs.
@export_range(0.0, 1.0) var comfort_roll_cost: float = 0.2
## A decision's mean acceleration up to this is low, in m/s².
@export_range(0.0, 100.0) var low_acceleration: float = 2.0

## Reaching the goal, which ends the episode.
@export var reward_goal: float = 100.0
## A metre nearer to the goal; a metre away costs the same.
@export var reward_progress: float = 1.0
## A decision with low acceleration, times the share of full-speed progress that it made: of metres nearer to the goal
## than ever before in the episode. Otherwise standing about would pay.
@export var reward_low_acceleration: float = 0.1
## A decision's mean comfort score, times the same share of progress.
@export var reward_comfort: float = 2.0
## The score counts to this power: with 1, walking a quarter faster pays for a score of 0.8; with 3 it does not.
@export_range(0.1, 10.0) var comfort_power: float = 1.0
## A new contact with an obstacle.
@export var reward_collision: float = -10.0
## Falling off the map, which ends the episode.
@export var reward_fall: float = -50.0
## The time is up.
@export var reward_timeout: float = -20.0
## An excess teleport: the body is somewhere else than where it walked, as when tracking is lost or a game moves it.
@export var reward_teleport: float = -1.0

## A bug to plant on purpose, by the name of its file in the folder `bugs`; "none" plants none.
@export var bug: String = "none"


func _launch_only() -> PackedStringArray:
	return ["map_size", "mazes"]


func _check() -> PackedStringArray:
	var problems: PackedStringArray = []
	if goal_distance_min > goal_distance_max:
		problems.append(
			"goal_distance_min %s is more than goal_distance_max %s" % [goal_distance_min, goal_distance_max]
		)
	var longest := NavigationMap.longest_way(map_size)
	if goal_distance_max > longest:
		var room := "a map of %s m has room for %s" % [map_size, longest]
		problems.append("goal_distance_max: expected at most %s m, found %s; %s" % [longest, goal_distance_max, room])
	return problems
