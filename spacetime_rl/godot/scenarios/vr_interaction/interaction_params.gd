class_name InteractionParams
extends RLParams
## Every number of vr_interaction that a run may override as `scenario.params.<name>`.

## What the players are there for: cooperate, gather or avoid.
@export_enum("cooperate", "gather", "avoid") var objective: String = "cooperate"
## Players in an arena; cooperate pairs them up and needs an even number.
@export_range(2, 8) var players: int = 4
## Screens in the way, at new places every episode.
@export_range(0, 3) var screens: int = 3
## Game time after which an episode is truncated, in seconds.
@export_range(1.0, 300.0) var time_limit_s: float = 15.0

## Top walking speed, in metres a second.
@export_range(0.1, 5.0) var max_speed: float = 2.0
## Top turning speed, in degrees a second.
@export_range(1.0, 360.0) var max_turn_deg: float = 90.0
## Share of a new stick position taken over each tick: lower is smoother and slower to answer.
@export_range(0.01, 1.0) var smoothing: float = 0.3
## Top speed of a hand, in metres a second.
@export_range(0.1, 5.0) var hand_speed: float = 1.5

## Whether the offsets to the nearest others are along the axes of the room, as in the guide. Without it they are in the
## player's own frame.
@export var room_axes: bool = false

## A hand this near to an object can hold it, in metres.
@export_range(0.05, 1.0) var grab_radius: float = 0.25
## How long a giver's hand has to be open before the object falls, where no taker has hold of it, in seconds.
@export_range(0.0, 1.0) var release_s: float = 0.15
## How long a taker has to keep the object, in seconds.
@export_range(0.0, 5.0) var keep_s: float = 0.5
## gather: players within this distance of their centre have gathered, in metres.
@export_range(0.5, 4.0) var gather_radius: float = 1.5
## gather: how long they have to stay together, in seconds.
@export_range(0.0, 10.0) var gather_s: float = 1.0
## avoid: a chaser this near to a runner has caught it, in metres.
@export_range(0.4, 2.0) var catch_radius: float = 0.7

## A metre nearer to what the player has to reach.
@export var reward_progress: float = 1.0
## The giver's first grip of its object in an episode.
@export var reward_grab: float = 2.0
## The object changes hands; to both.
@export var reward_hand_over: float = 5.0
## The objective is reached; to everybody who reached it.
@export var reward_success: float = 10.0
## An object let go of without anybody taking it.
@export var reward_drop: float = -1.0
## A decision in which the player touched a wall, a screen or another player.
@export var reward_contact: float = -0.05
## A decision's lost comfort: multiplied by (1 - comfort score).
@export var reward_discomfort: float = -0.02
## Every decision.
@export var reward_time: float = -0.01
## avoid: a runner caught; to the chaser.
@export var reward_catch: float = 10.0
## avoid: being caught; to the runner.
@export var reward_caught: float = -10.0

## A bug to plant on purpose, by the name of its file in the folder `bugs`; "none" plants none.
@export var bug: String = "none"


func _launch_only() -> PackedStringArray:
	return ["objective", "players", "room_axes"]


func _check() -> PackedStringArray:
	if objective == "cooperate" and players % 2 != 0:
		return ["players: cooperate pairs givers with takers and needs an even number, found %d" % players]
	return []
