/** One metric over time. */
export interface ChartSeries {
  metric: string;
  label: string;
  values: (number | null)[];
  /** Of the range that it's compared with, bucket for bucket. */
  compared: (number | null)[] | undefined;
}
