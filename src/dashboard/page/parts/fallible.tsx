import { Component, type ComponentChildren } from 'preact';
import { ApiError } from '../api/client.js';
import { Problem } from './panel.js';

interface Props {
  /** What is shown: when that is something else, it's tried again. */
  place: string;
  children: ComponentChildren;
}

interface State {
  error: Error | undefined;
  place: string | undefined;
}

/** Whatever goes wrong in a view: the other views are still there, and it's said. */
export class Fallible extends Component<Props, State> {
  override state: State = { error: undefined, place: undefined };

  static override getDerivedStateFromError(error: Error): Partial<State> {
    return { error };
  }

  static override getDerivedStateFromProps({ place }: Props, state: State): Partial<State> | null {
    return place === state.place ? null : { error: undefined, place };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const told = new ApiError(-1, 'error', `This view cannot be shown: ${error.message}`);
    return <Problem error={told} />;
  }
}
