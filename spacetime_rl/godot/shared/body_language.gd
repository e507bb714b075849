class_name BodyLanguage
extends RefCounted
## Head and hands of a simulated VR player that walks: the head leans into a curve and looks, the arms swing.

## Greatest lean, in rad, and the time it takes, in seconds.
const LEAN := 0.5
const LEAN_S := 0.15
const GRAVITY := 9.81
## Swing of the arms: metres to and fro, and rad a metre walked.
const SWING := 0.12
const SWING_RATE := 4.0
const HEAD := Vector3(0.0, 1.7, 0.0)
const LEFT_HAND := Vector3(-0.25, 1.0, -0.15)
const RIGHT_HAND := Vector3(0.25, 1.0, -0.15)

## Roll of the head, in rad, and its rate, in rad/s.
var roll := 0.0
var roll_rate := 0.0
## Where the head looks, in rad: up, and to the left of the body's front.
var pitch := 0.0
var yaw := 0.0

var _phase := 0.0
var _walk := Vector3.ZERO


## Start an episode at rest.
func reset() -> void:
	roll = 0.0
	roll_rate = 0.0
	pitch = 0.0
	yaw = 0.0
	_phase = 0.0
	_walk = Vector3.ZERO


## Follow one tick of a walk, in m/s of the player's own frame.
func tick(walk: Vector3, delta: float) -> void:
	var sideways := (walk.x - _walk.x) / delta
	_walk = walk
	var lean := clampf(-sideways / GRAVITY, -LEAN, LEAN)
	roll_rate = (lean - roll) / LEAN_S
	roll += roll_rate * delta
	_phase += SWING_RATE * walk.length() * delta


## Pose the player's trackers. Dearer than a whole tick's walk, so once a decision, before anybody looks.
func pose(player: RLXRPlayer) -> void:
	player.track_head(Transform3D(Basis.from_euler(Vector3(pitch, yaw, roll)), HEAD))
	var reach := Vector3(0.0, 0.0, SWING * sin(_phase))
	var speed := Vector3(0.0, 0.0, SWING * cos(_phase) * SWING_RATE * _walk.length())
	player.track_hand(RLXRPlayer.Hand.LEFT, Transform3D(Basis.IDENTITY, LEFT_HAND + reach), speed)
	player.track_hand(RLXRPlayer.Hand.RIGHT, Transform3D(Basis.IDENTITY, RIGHT_HAND - reach), -speed)
