class_name HandOver
extends Node3D
## One pair's object on its way from the pedestal through the giver's hand into the taker's.

enum Holder { NOBODY, GIVER, TAKER }

const PEDESTAL_HEIGHT := 0.9
const OBJECT_HALF := 0.075
# Placed in contact with its pedestal, the object would inherit the impulses of their last contact, so it falls onto it.
const DROP := 0.05

@export var object: RigidBody3D
@export var pedestal: StaticBody3D

var holder := Holder.NOBODY
var giver: InteractionPlayer
var taker: InteractionPlayer
var params: InteractionParams

var _open_s := 0.0
var _kept_s := 0.0
var _gap := 0.0
var _taker_gap := 0.0
var _grabbed_before := false
var _handed_before := false


## Make this the business of two players.
func join(of_giver: InteractionPlayer, to_taker: InteractionPlayer, settings: InteractionParams) -> void:
	giver = of_giver
	taker = to_taker
	params = settings
	giver.hand_over = self
	taker.hand_over = self


## Put the object on its pedestal and the two players somewhere in the room.
func begin(arena: InteractionArena) -> void:
	var spot := arena.room.free_spot(arena.rng, 0.3)
	RLPhysics.reset_body(pedestal, Transform3D(Basis.IDENTITY, spot))
	var top := spot + Vector3.UP * (PEDESTAL_HEIGHT + OBJECT_HALF + DROP)
	RLPhysics.reset_body(object, Transform3D(Basis.IDENTITY, top))
	arena.place_player(giver)
	arena.place_player(taker)
	_grabbed_before = false
	_handed_before = false
	_set_holder(Holder.NOBODY)


## Whose hand has it follows from where the hands are and what they grip.
func tick(delta: float) -> void:
	if not giver.agent.active:
		return
	match holder:
		Holder.NOBODY:
			if giver.grip and _in_reach(giver):
				_grab()
		Holder.GIVER:
			_open_s = 0.0 if giver.grip else _open_s + delta
			if not giver.grip and taker_is_ready():
				_hand_over()
			elif _open_s > params.release_s:
				_drop(giver)
		Holder.TAKER:
			_kept_s += delta
			if not taker.grip:
				_drop(taker)
			elif _kept_s >= params.keep_s:
				_succeed()
	_carry()


## Pay for the metres gained since the last decision.
func decide() -> void:
	if not giver.agent.active:
		return
	if holder != Holder.TAKER:
		var gap := _measure_gap()
		giver.agent.add_reward(&"progress", params.reward_progress * (_gap - gap))
		_gap = gap
		var taker_gap := _distance(taker)
		taker.agent.add_reward(&"progress", params.reward_progress * (_taker_gap - taker_gap))
		_taker_gap = taker_gap


## Who is on the other side of the hand-over.
func partner_of(player: InteractionPlayer) -> InteractionPlayer:
	return taker if player == giver else giver


## Whether the taker would have the object if the giver let go now.
func taker_is_ready() -> bool:
	return taker.grip and _in_reach(taker)


func _distance(player: InteractionPlayer) -> float:
	return object.global_position.distance_to(player.hand)


func _in_reach(player: InteractionPlayer) -> bool:
	return _distance(player) < params.grab_radius


func _measure_gap() -> float:
	return _distance(giver) if holder == Holder.NOBODY else _distance(taker)


func _set_holder(now: Holder) -> void:
	holder = now
	_open_s = 0.0
	_kept_s = 0.0
	if now == Holder.NOBODY:
		RLPhysics.release(object)
	_gap = _measure_gap()
	_taker_gap = _distance(taker)


func _grab() -> void:
	if not _grabbed_before:
		giver.agent.add_reward(&"grab", params.reward_grab)
	_grabbed_before = true
	_set_holder(Holder.GIVER)


func _hand_over() -> void:
	for player: InteractionPlayer in [giver, taker]:
		# Paid once: dropping the object to hand it over again must not pay.
		if not _handed_before:
			player.agent.add_reward(&"hand_over", params.reward_hand_over)
		player.agent.add_metric(&"hand_overs", 1.0)
	_handed_before = true
	_set_holder(Holder.TAKER)


func _drop(player: InteractionPlayer) -> void:
	player.agent.add_reward(&"drop", params.reward_drop)
	player.agent.add_metric(&"drops", 1.0)
	_set_holder(Holder.NOBODY)


func _succeed() -> void:
	for player: InteractionPlayer in [giver, taker]:
		player.agent.add_reward(&"success", params.reward_success)
		player.agent.end(true)


## A held object goes where the hand goes.
func _carry() -> void:
	if holder == Holder.NOBODY:
		return
	var hand := giver.hand if holder == Holder.GIVER else taker.hand
	RLPhysics.hold(object, Transform3D(Basis.IDENTITY, hand))
