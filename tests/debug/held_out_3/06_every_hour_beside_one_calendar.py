# FAMILY: merge
# LINE: 29
# CAUSE: load_lstm
# TEACHER: load_lstm returns every hour (return_sequences=True) and cannot be joined with one
#   calendar vector a day.

import keras
from keras import layers


class LoadForecaster:
    """Electricity load of the next day from a week of hours and the calendar."""

    def __init__(self, hours=168, calendar=12, horizon=24):
        self.hours = hours
        self.calendar = calendar
        self.horizon = horizon

    def _history(self, series):
        h = layers.LSTM(32, return_sequences=True, name="weather_lstm")(series)
        return layers.LSTM(24, return_sequences=True, name="load_lstm")(h)

    def _calendar(self, vector):
        return layers.Dense(8, activation="relu", name="calendar_fc")(vector)

    def build(self):
        series = keras.Input((self.hours, 3), name="series")
        vector = keras.Input((self.calendar,), name="calendar")
        merged = layers.Concatenate(name="join")([self._history(series), self._calendar(vector)])
        out = layers.Dense(self.horizon)(merged)
        return keras.Model([series, vector], out)


forecaster = LoadForecaster().build()
forecaster.compile("adam", "mae")
