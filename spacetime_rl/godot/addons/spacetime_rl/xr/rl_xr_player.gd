@icon("res://addons/spacetime_rl/icons/xr_player.svg")
class_name RLXRPlayer
extends CharacterBody3D
## A VR player without a headset: head and hands are trackers of the engine's XR server, posed by the player's script.
##
## Game code reads `head`, `left_hand` and `right_hand` as it would with a headset. Every player has trackers of its
## own, so any number of players and arenas fit in one process. Poses are relative to `origin`, on the floor.

enum Hand { LEFT, RIGHT }

const _HAND_NAMES: Array[String] = ["left", "right"]
const _POSE := &"default"
const _STANDING := Vector3(0.0, 1.7, 0.0)
const _RESTING: Array[Vector3] = [Vector3(-0.25, 1.1, -0.3), Vector3(0.25, 1.1, -0.3)]

static var _players := 0

## Origin of the tracked space: on the floor, moves and turns with the body.
var origin := XROrigin3D.new()
var head := XRNode3D.new()
var left_hand := XRController3D.new()
var right_hand := XRController3D.new()
## Both hands, by Hand.
var hands: Array[XRController3D] = [left_hand, right_hand]

var _simulated := true
var _head_tracker := XRPositionalTracker.new()
var _hand_trackers: Array[XRControllerTracker] = [XRControllerTracker.new(), XRControllerTracker.new()]


func _init() -> void:
	_players += 1
	var prefix := "rl_player_%d" % _players
	_head_tracker.type = XRServer.TRACKER_HEAD
	_head_tracker.name = "%s_head" % prefix
	head.tracker = _head_tracker.name
	head.pose = _POSE
	head.name = "Head"
	origin.name = "Origin"
	origin.add_child(head)
	for hand: int in hands.size():
		var tracker := _hand_trackers[hand]
		tracker.type = XRServer.TRACKER_CONTROLLER
		tracker.name = "%s_%s_hand" % [prefix, _HAND_NAMES[hand]]
		tracker.hand = (
			XRPositionalTracker.TRACKER_HAND_LEFT if hand == Hand.LEFT else XRPositionalTracker.TRACKER_HAND_RIGHT
		)
		hands[hand].tracker = tracker.name
		hands[hand].pose = _POSE
		hands[hand].name = "%sHand" % _HAND_NAMES[hand].capitalize()
		origin.add_child(hands[hand])
	add_child(origin)


func _enter_tree() -> void:
	if not _simulated:
		return
	XRServer.add_tracker(_head_tracker)
	for tracker: XRControllerTracker in _hand_trackers:
		XRServer.add_tracker(tracker)
	rest()


func _exit_tree() -> void:
	if not _simulated:
		return
	XRServer.remove_tracker(_head_tracker)
	for tracker: XRControllerTracker in _hand_trackers:
		XRServer.remove_tracker(tracker)


## Hand the player over to a real headset. From then on posing it by script does nothing. Call it outside the tree.
func use_headset() -> void:
	_simulated = false
	head.tracker = &"head"
	left_hand.tracker = &"left_hand"
	right_hand.tracker = &"right_hand"


## Stand upright with the hands before the body, nothing pressed.
func rest() -> void:
	track_head(Transform3D(Basis(), _STANDING))
	for hand: Hand in [Hand.LEFT, Hand.RIGHT]:
		track_hand(hand, Transform3D(Basis(), _RESTING[hand]))
		set_trigger(hand, 0.0)
		set_grip(hand, 0.0)


## Put the head somewhere, relative to `origin`. Velocity in metres a second, for code that reads the pose's.
func track_head(pose: Transform3D, velocity_m_s: Vector3 = Vector3.ZERO) -> void:
	_head_tracker.set_pose(_POSE, pose, velocity_m_s, Vector3.ZERO, XRPose.XR_TRACKING_CONFIDENCE_HIGH)


## Put a hand somewhere, relative to `origin`.
func track_hand(hand: Hand, pose: Transform3D, velocity_m_s: Vector3 = Vector3.ZERO) -> void:
	_hand_trackers[hand].set_pose(_POSE, pose, velocity_m_s, Vector3.ZERO, XRPose.XR_TRACKING_CONFIDENCE_HIGH)


## Press a trigger, 0 to 1; read it back by `hands[hand].get_float("trigger")`.
func set_trigger(hand: Hand, amount: float) -> void:
	_hand_trackers[hand].set_input(&"trigger", amount)


## Close a grip, 0 to 1; read it back by `hands[hand].get_float("grip")`.
func set_grip(hand: Hand, amount: float) -> void:
	_hand_trackers[hand].set_input(&"grip", amount)


## Velocity of a hand relative to `origin`, metres a second, as last tracked.
func hand_velocity(hand: Hand) -> Vector3:
	var pose := hands[hand].get_pose()
	return pose.linear_velocity if pose != null else Vector3.ZERO
