// Parts of a date as pandas' Series.dt has them (3.0), of what the clock of the series shows.

import type { CalendarPart } from "@slipway/core/package";

const DAY = 86_400_000;
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** Days since 1970-01-01, a Thursday; Monday is 0. */
export function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}
export function daysInMonth(year: number, month: number): number {
  return month === 1 ? (isLeap(year) ? 29 : 28) : month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31;
}
function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** `wall`: milliseconds as the clock shows them. */
export function calendarPart(part: CalendarPart, wall: number): number | boolean | string {
  const date = new Date(wall);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const number = Math.floor(wall / DAY);
  switch (part) {
    case "year": return year;
    case "quarter": return Math.floor(month / 3) + 1;
    case "month": return month + 1;
    case "day": return day;
    case "day_of_week": return weekdayOf(number);
    case "day_of_year": return dayOfYear(number, year);
    case "week": return isoWeek(number);
    case "hour": return date.getUTCHours();
    case "minute": return date.getUTCMinutes();
    case "days_in_month": return daysInMonth(year, month);
    case "is_leap_year": return isLeap(year);
    case "is_month_start": return day === 1;
    case "is_month_end": return day === daysInMonth(year, month);
    case "is_quarter_start": return day === 1 && month % 3 === 0;
    case "is_quarter_end": return month % 3 === 2 && day === daysInMonth(year, month);
    case "is_year_start": return month === 0 && day === 1;
    case "is_year_end": return month === 11 && day === 31;
    case "day_name": return DAYS[weekdayOf(number)]!;
    case "month_name": return MONTHS[month]!;
  }
}

function dayOfYear(day: number, year: number): number {
  const first = new Date(0);
  first.setUTCFullYear(year, 0, 1);
  return day - Math.round(first.getTime() / DAY) + 1;
}
/** Of ISO 8601: the week is of the year that its Thursday is in. */
function isoWeek(day: number): number {
  const thursday = day - weekdayOf(day) + 3;
  return Math.floor((dayOfYear(thursday, new Date(thursday * DAY).getUTCFullYear()) - 1) / 7) + 1;
}
