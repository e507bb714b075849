class_name RLStandIn
## What the scripts of an unchanged project call in our copy of it, instead of the engine.
##
## Dice follow the episode's seed, and clocks the game's time, however fast it is played: so two runs are the same. The
## mouse may be captured, which a game without a window otherwise refuses.

const _USEC := 1_000_000
# When every episode begins.
const _UNIX_TIME := 1_700_000_000.0

## Instead of `Input.mouse_mode`.
static var mouse_mode := Input.MOUSE_MODE_VISIBLE

static var _dice := RandomNumberGenerator.new()


## The episode's seed. Call it before anything of the game runs.
static func begin(seed_value: int) -> void:
	_dice.seed = seed_value
	seed(_dice.randi())


## Instead of `randomize()`.
static func sow() -> void:
	seed(_dice.randi())


## Instead of `RandomNumberGenerator.new()`, which has a random seed.
static func generator() -> RandomNumberGenerator:
	var made := RandomNumberGenerator.new()
	made.seed = draw()
	return made


## A seed, for `generator.randomize()`.
static func draw() -> int:
	return _dice.randi()


## Instead of `Time.get_ticks_usec()`: game time since the start.
static func usec() -> int:
	return int(Engine.get_process_frames() * float(_USEC) / Engine.physics_ticks_per_second)


## Instead of `Time.get_ticks_msec()`.
static func msec() -> int:
	@warning_ignore("integer_division")
	return usec() / 1000


## Instead of `Time.get_unix_time_from_system()`.
static func unix_time() -> float:
	return _UNIX_TIME + usec() / float(_USEC)


## Instead of `Input.set_mouse_mode(mode)`.
static func set_mouse_mode(mode: Input.MouseMode) -> void:
	mouse_mode = mode


## Instead of `Input.get_mouse_mode()`.
static func get_mouse_mode() -> Input.MouseMode:
	return mouse_mode
