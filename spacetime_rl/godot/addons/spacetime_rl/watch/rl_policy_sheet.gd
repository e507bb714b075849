class_name RLPolicySheet
extends RLSheet
## Draws what a policy sees and decides: the observation field by field, the value, and each action with its chances.

const _WIDTH := 470.0
const _MARGIN := 12.0
const _LINE := 19.0
const _FONT_SIZE := 13
# Pixels from the left side of the sheet to the bars, and the width of the column of bars.
const _BARS_X := 168.0
const _BARS_WIDTH := _WIDTH - _BARS_X - _MARGIN
# A number is written into a bar's cell that is at least as wide, in pixels.
const _NUMBER_WIDTH := 46.0
const _IMAGE_HEIGHT := 72.0
# Title, pace, value, keys, and the space between them.
const _LINES_BESIDE_FIELDS := 5.0
# Choices of an action that are drawn one below the other.
const _MOST_CHOICES := 12
# Standard deviations from the mean of what training saw beyond which a number is marked.
const _FAR := 4.0
# The largest number to which a field's bars are drawn, where all are smaller.
const _LEAST_SCALE := 1e-3
const _PAPER := Color(0.05, 0.06, 0.09, 0.82)
const _CELL := Color(1.0, 1.0, 1.0, 0.07)
const _DIM := Color(0.72, 0.76, 0.82)
const _SEEN := Color(0.36, 0.62, 0.95)
const _STRANGE := Color(0.98, 0.62, 0.2)
const _CHANCE := Color(0.45, 0.55, 0.7)
const _CHOSEN := Color(0.35, 0.85, 0.45)

var _agent: RLAgent
var _controller: RLPolicyController
var _nominal_hz := 0.0
var _keys := ""
var _drawn := -1
# Observation lines that are scrolled away.
var _scrolled := 0
var _fields: Array[Dictionary] = []
var _actions: Array[Dictionary] = []
# The action beside whose name it says what its lines show.
var _explained: RLAction
# By field the largest number so far, to which its bars are drawn.
var _scales := PackedFloat32Array()
# Mean and standard deviation of the observation in training; empty if they are not known.
var _means := PackedFloat32Array()
var _deviations := PackedFloat32Array()


func _init() -> void:
	layer = 101


func _process(_delta: float) -> void:
	var decisions := _controller.probe.decisions if _controller != null else 0
	if decisions != _drawn:
		_drawn = decisions
		_sheet.queue_redraw()


## Show this agent from now on. `controller` is null if no policy plays it; `nominal_hz` are decisions in a second of
## game time, `keys` are named at the end.
func show_agent(agent: RLAgent, controller: RLPolicyController, nominal_hz: float, keys: String) -> void:
	_agent = agent
	_controller = controller
	_nominal_hz = nominal_hz
	_keys = keys
	_drawn = -1
	_scrolled = 0
	var layout := RLLayout.of(agent)
	_fields = lines_of(layout["fields"] as Array)
	_scales.resize(_fields.size())
	_scales.fill(_LEAST_SCALE)
	_actions.assign(layout["actions"] as Array)
	_explained = null
	for action: RLAction in agent.actions:
		if action is RLContinuousAction and _explained == null:
			_explained = action
	_read_normalizer()


## What has a line of its own: every field of an observation, and every row of a list of entities.
static func lines_of(fields: Array) -> Array[Dictionary]:
	var lines: Array[Dictionary] = []
	for field: Dictionary in fields:
		var columns: Array = field.get("columns", [])
		if columns.is_empty():
			lines.append(field)
			continue
		@warning_ignore("integer_division")
		for row: int in (field["size"] as int) / columns.size():
			lines.append({"name": "%s[%d]" % [field["name"], row], "size": columns.size(), "is_row": true})
	return lines


## Scroll the list of the observation's fields: a positive number of pages down, a negative one up.
func scroll(pages: int) -> void:
	_scrolled = clampi(_scrolled + 8 * pages, 0, maxi(_fields.size() - 1, 0))
	_sheet.queue_redraw()


func _read_normalizer() -> void:
	_means.clear()
	_deviations.clear()
	var found: Variant = _controller.policy.schema.get("normalizer") if _controller != null else null
	if found is not Dictionary:
		return
	var normalizer: Dictionary = found
	var means: Array = normalizer["mean"]
	if means.size() != _agent.observation_size:
		return
	_means = PackedFloat32Array(means)
	for variance: float in normalizer["var"] as Array:
		_deviations.append(sqrt(maxf(variance, normalizer["variance_floor"] as float)))


func _draw_sheet() -> void:
	if _agent == null:
		return
	var left := _sheet.size.x - _WIDTH - _MARGIN
	if _controller == null:
		_draw_without_policy(left)
		return
	var probe := _controller.probe
	var others := _LINES_BESIDE_FIELDS * _LINE + _height_of_images() + _height_of_actions() + 2.0 * _MARGIN
	var shown := _fields_that_fit(_sheet.size.y - others - 2.0 * _MARGIN)
	var height := others + shown * _LINE + (_LINE if shown < _fields.size() else 0.0)
	_sheet.draw_rect(Rect2(left, _MARGIN, _WIDTH, height), _PAPER)
	var y := 2.0 * _MARGIN
	_write("%s, played by %s" % [_agent.agent_name, _controller.title], left, y)
	_write(_pace(probe), left, y + _LINE, _DIM)
	y = _draw_value(probe, left, y + 2.0 * _LINE)
	if probe.decisions == 0:
		_write("it has not decided yet" if _agent.active else "it does not act now", left, y, _DIM)
		return
	y = _draw_observation(probe, left, y, shown)
	y = _draw_images(probe, left, y)
	y = _draw_actions(probe, left, y + 0.5 * _LINE)
	_write(_keys, left, y + 0.25 * _LINE, _DIM)


func _draw_without_policy(left: float) -> void:
	_sheet.draw_rect(Rect2(left, _MARGIN, _WIDTH, 2.0 * _LINE + 2.0 * _MARGIN), _PAPER)
	var who := _agent.controller.title if _agent.controller != null else "nobody"
	_write("%s, played by %s: no policy of the game" % [_agent.agent_name, who], left, 2.0 * _MARGIN)
	_write(_keys, left, 2.0 * _MARGIN + _LINE, _DIM)


func _pace(probe: RLPolicyProbe) -> String:
	var agents := "1 agent" if probe.together == 1 else "%d agents" % probe.together
	var times := [_nominal_hz, probe.rate, probe.forward_ms, agents]
	return "%.1f decisions a second (now %.1f)   forward %.2f ms for %s" % times


func _draw_value(probe: RLPolicyProbe, left: float, y: float) -> float:
	var value := "%+.3f" % probe.value if probe.has_value else "not in the file (export --value)"
	_write("value", left, y)
	_write(value, left + _BARS_X - _MARGIN, y, Color.WHITE if probe.has_value else _DIM)
	return y + 1.25 * _LINE


func _fields_that_fit(height: float) -> int:
	var lines := int(height / _LINE)
	if lines >= _fields.size():
		_scrolled = 0
		return _fields.size()
	# One of the lines says that there are more.
	return mini(maxi(lines - 1, 1), _fields.size() - _scrolled)


func _draw_observation(probe: RLPolicyProbe, left: float, y: float, shown: int) -> float:
	var at := 0
	for i: int in _fields.size():
		var size := _fields[i]["size"] as int
		if i >= _scrolled and i < _scrolled + shown:
			# The first number of a row says whether there is an entity.
			var is_unused := _fields[i].has("is_row") and probe.observation[at] == 0.0
			_write_clipped(str(_fields[i]["name"]), left, y, _DIM if is_unused else Color.WHITE)
			if not is_unused:
				_draw_field(i, probe.observation.slice(at, at + size), at, left + _BARS_X, y)
			y += _LINE
		at += size
	if shown < _fields.size():
		_write("%d to %d of %d fields" % [_scrolled + 1, _scrolled + shown, _fields.size()], left, y, _DIM)
		y += _LINE
	return y


## A field's numbers side by side, each a bar from the middle of its cell. `at` is the first one's place in the vector.
func _draw_field(field: int, values: PackedFloat32Array, at: int, left: float, y: float) -> void:
	for value: float in values:
		_scales[field] = maxf(_scales[field], absf(value))
	var width := _BARS_WIDTH / values.size()
	for i: int in values.size():
		var cell := Rect2(left + i * width, y + 2.0, maxf(width - 2.0, 1.0), _LINE - 4.0)
		_sheet.draw_rect(cell, _CELL)
		var length := 0.5 * cell.size.x * values[i] / _scales[field]
		var from := cell.get_center().x + minf(length, 0.0)
		var bar := Rect2(from, cell.position.y, maxf(absf(length), 1.0), cell.size.y)
		_sheet.draw_rect(bar, _colour(at + i, values[i]))
		if width >= _NUMBER_WIDTH:
			_write_number(values[i], cell)


func _colour(at: int, value: float) -> Color:
	if _means.is_empty():
		return _SEEN
	return _STRANGE if absf(value - _means[at]) > _FAR * _deviations[at] else _SEEN


func _height_of_images() -> float:
	return _IMAGE_HEIGHT + 6.0 if not _agent.image_sensors.is_empty() else 0.0


func _draw_images(probe: RLPolicyProbe, left: float, y: float) -> float:
	var x := left + _MARGIN
	for sensor: RLImageSensor in _agent.image_sensors:
		var shape := sensor.shape()
		var formats := {1: Image.FORMAT_L8, 3: Image.FORMAT_RGB8, 4: Image.FORMAT_RGBA8}
		if not formats.has(shape.z):
			continue
		var format: Image.Format = formats[shape.z]
		var pixels := probe.images[String(sensor.label)]
		var picture := ImageTexture.create_from_image(Image.create_from_data(shape.y, shape.x, false, format, pixels))
		var width := _IMAGE_HEIGHT * shape.y / shape.x
		_sheet.draw_texture_rect(picture, Rect2(x, y + 3.0, width, _IMAGE_HEIGHT), false)
		x += width + 6.0
	return y + _height_of_images()


func _height_of_actions() -> float:
	var lines := 0
	for action: Dictionary in _actions:
		var size := action["size"] as int
		lines += size + 1 if action["kind"] == "continuous" or size <= _MOST_CHOICES else 2
	return lines * _LINE


func _draw_actions(probe: RLPolicyProbe, left: float, y: float) -> float:
	var at := 0
	for i: int in _actions.size():
		var size := _actions[i]["size"] as int
		var action := _agent.actions[i]
		if action is RLDiscreteAction:
			var logits := probe.distribution.slice(at, at + size)
			y = _draw_choices(action as RLDiscreteAction, logits, left, y)
			at += size
		else:
			y = _draw_numbers(action as RLContinuousAction, probe.distribution.slice(at, at + 2 * size), left, y)
			at += 2 * size
	return y


func _draw_choices(action: RLDiscreteAction, logits: PackedFloat32Array, left: float, y: float) -> float:
	var chances := _chances(logits)
	var chosen := "%d (%d %%)" % [action.value, roundi(100.0 * chances[action.value])]
	_write_clipped(String(action.label), left, y)
	_write("chosen: %s" % chosen, left + _BARS_X - _MARGIN, y, _CHOSEN)
	y += _LINE
	if chances.size() > _MOST_CHOICES:
		_draw_many_choices(chances, action.value, left + _BARS_X, y)
		return y + _LINE
	for i: int in chances.size():
		var cell := Rect2(left + _BARS_X, y + 2.0, _BARS_WIDTH, _LINE - 4.0)
		_sheet.draw_rect(cell, _CELL)
		var bar := Rect2(cell.position, Vector2(maxf(cell.size.x * chances[i], 1.0), cell.size.y))
		_sheet.draw_rect(bar, _CHOSEN if i == action.value else _CHANCE)
		_write("   %d" % i, left, y, _CHOSEN if i == action.value else _DIM)
		if logits[i] <= RLActionMasks.MASKED:
			_write("masked", left + _BARS_X - _MARGIN, y, _DIM)
		else:
			_write_number(chances[i], cell)
		y += _LINE
	return y


func _draw_many_choices(chances: PackedFloat32Array, chosen: int, left: float, y: float) -> void:
	var width := _BARS_WIDTH / chances.size()
	_sheet.draw_rect(Rect2(left, y + 2.0, _BARS_WIDTH, _LINE - 4.0), _CELL)
	for i: int in chances.size():
		var height := (_LINE - 4.0) * chances[i]
		var bar := Rect2(left + i * width, y + _LINE - 2.0 - height, maxf(width - 1.0, 1.0), height)
		_sheet.draw_rect(bar, _CHOSEN if i == chosen else _CHANCE)


## Each number on its own line from -1 to 1: the range that most samples fall into, and the number that was chosen.
func _draw_numbers(action: RLContinuousAction, given: PackedFloat32Array, left: float, y: float) -> float:
	_write_clipped(String(action.label), left, y)
	if action == _explained:
		_write("mean, one standard deviation, chosen", left + _BARS_X - _MARGIN, y, _DIM)
	y += _LINE
	for i: int in action.count:
		var cell := Rect2(left + _BARS_X, y + 2.0, _BARS_WIDTH, _LINE - 4.0)
		_sheet.draw_rect(cell, _CELL)
		var spread := exp(given[action.count + i])
		var low := _place(given[i] - spread, cell)
		var high := _place(given[i] + spread, cell)
		_sheet.draw_rect(Rect2(low, cell.position.y, maxf(high - low, 1.0), cell.size.y), _CHANCE)
		_sheet.draw_rect(Rect2(_place(given[i], cell) - 0.5, cell.position.y, 1.0, cell.size.y), Color.WHITE)
		var at := lerpf(cell.position.x, cell.end.x, 0.5 + 0.5 * action.values[i])
		_sheet.draw_rect(Rect2(at - 2.0, cell.position.y - 1.0, 4.0, cell.size.y + 2.0), _CHOSEN)
		_write("   %d   %+.2f" % [i, action.values[i]], left, y, _CHOSEN)
		y += _LINE
	return y


## Where a number of the distribution lies in the cell of an action.
func _place(number: float, cell: Rect2) -> float:
	var played := tanh(number) if _controller.policy.is_squashed() else clampf(number, -1.0, 1.0)
	return lerpf(cell.position.x, cell.end.x, 0.5 + 0.5 * played)


static func _chances(logits: PackedFloat32Array) -> PackedFloat32Array:
	var largest := -INF
	for logit: float in logits:
		largest = maxf(largest, logit)
	var chances := PackedFloat32Array()
	var total := 0.0
	for logit: float in logits:
		chances.append(exp(logit - largest))
		total += chances[-1]
	for i: int in chances.size():
		chances[i] /= total
	return chances


func _write_number(value: float, cell: Rect2) -> void:
	var text := "%.2f" % (value if absf(value) >= 0.005 else 0.0)
	var at := Vector2(cell.position.x, cell.end.y - 2.5)
	var size := _FONT_SIZE - 2
	_sheet.draw_string_outline(
		ThemeDB.fallback_font, at, text, HORIZONTAL_ALIGNMENT_CENTER, cell.size.x, size, 4, _PAPER
	)
	_sheet.draw_string(ThemeDB.fallback_font, at, text, HORIZONTAL_ALIGNMENT_CENTER, cell.size.x, size)


func _write(text: String, left: float, y: float, colour: Color = Color.WHITE) -> void:
	var place := Vector2(left + _MARGIN, y + 0.75 * _LINE)
	var width := _WIDTH - 2.0 * _MARGIN
	_sheet.draw_string(ThemeDB.fallback_font, place, text, HORIZONTAL_ALIGNMENT_LEFT, width, _FONT_SIZE, colour)


func _write_clipped(text: String, left: float, y: float, colour: Color = Color.WHITE) -> void:
	var place := Vector2(left + _MARGIN, y + 0.75 * _LINE)
	var width := _BARS_X - 2.0 * _MARGIN
	_sheet.draw_string(ThemeDB.fallback_font, place, text, HORIZONTAL_ALIGNMENT_LEFT, width, _FONT_SIZE, colour)
